package dev.walcast.server.encode;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.text.JsonText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// Writes a row's values as clients read them.
public final class RecordText {
    /// A record above the limit keeps only values up to this size, as in the reference server.
    public static final int SMALL_VALUE_BYTES_MAX = 64;

    private RecordText() {}

    /// Appends an object of the row's values, without missing ones and without values above the size limit. Stops
    /// early when the record exceeds its limit, because a value may take many times the memory of its text.
    ///
    /// @param missing  receives the columns without a value, with the reason
    /// @param charsMax bound of everything appended
    public static void row(
            StringBuilder out,
            Map<String, MissingReason> missing,
            List<Integer> indexes,
            Row row,
            int valueBytesMax,
            int charsMax) {
        out.append('{');
        boolean first = true;
        for (int index : indexes) {
            if (out.length() > charsMax) {
                break;
            }
            int start = out.length();
            if (!first) {
                out.append(',');
            }
            Column column = row.table().columns().get(index);
            JsonText.string(out, column.name());
            out.append(':');
            int value = out.length();
            MissingReason reason = JsonText.value(out, row, index);
            if (reason != null) {
                out.setLength(start);
                note(missing, column, reason);
            } else if (isTooLarge(out, value, valueBytesMax)) {
                out.setLength(start);
            } else {
                first = false;
            }
        }
        out.append('}');
    }

    /// Omits columns outside the replica identity from an old row: clients do not expect them there.
    private static void note(Map<String, MissingReason> missing, Column column, MissingReason reason) {
        if (reason != MissingReason.NOT_IN_IDENTITY) {
            missing.put(column.name(), reason);
        }
    }

    private static boolean isTooLarge(StringBuilder out, int start, int bytesMax) {
        int length = out.length() - start;
        if (bytesMax == Integer.MAX_VALUE || length * 3L <= bytesMax) {
            return false;
        }
        return length > bytesMax
                || out.substring(start).getBytes(StandardCharsets.UTF_8).length > bytesMax
                || out.substring(start).equals("null");
    }

    /// Appends the names and types of columns.
    public static void columns(StringBuilder out, Table table, List<Integer> indexes) {
        out.append('[');
        String separator = "";
        for (int index : indexes) {
            Column column = table.columns().get(index);
            out.append(separator).append("{\"name\":");
            JsonText.string(out, column.name());
            out.append(",\"type\":");
            JsonText.string(out, column.type().name());
            out.append('}');
            separator = ",";
        }
        out.append(']');
    }

    /// Appends the member, after a comma, when there is anything in it.
    public static void missing(StringBuilder out, Map<String, MissingReason> missing) {
        if (missing.isEmpty()) {
            return;
        }
        out.append(",\"missing\":{");
        String separator = "";
        for (Map.Entry<String, MissingReason> entry : missing.entrySet()) {
            out.append(separator);
            JsonText.string(out, entry.getKey());
            out.append(":\"").append(entry.getValue().code()).append('"');
            separator = ",";
        }
        out.append('}');
    }
}
