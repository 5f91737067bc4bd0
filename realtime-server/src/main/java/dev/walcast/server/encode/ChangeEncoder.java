package dev.walcast.server.encode;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.text.JsonText;
import dev.walcast.rls.guard.Verdict.ReadableColumns;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.protocol.FeedPosition;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/// Encodes a change's `data` object for one set of readable columns. Safe for any thread.
///
/// A value that the feed does not carry is omitted from its record and named in an extra object `missing`, with the
/// reason. Clients ignore extra keys.
public final class ChangeEncoder {
    private static final DateTimeFormatter MILLISECONDS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final int recordBytesMax;
    private final Map<Table, Map<ReadableColumns, String>> columnLists =
            java.util.Collections.synchronizedMap(new WeakHashMap<>());

    /// @param recordBytesMax a larger change is sent as `Error 413: Payload Too Large`
    public ChangeEncoder(int recordBytesMax) {
        this.recordBytesMax = recordBytesMax;
    }

    /// @param readable the readable columns of the new row, and of the row that a DELETE removed
    /// @param old      the readable columns of the row before an UPDATE
    EncodedChange encode(
            Change change,
            MembershipChange membership,
            FeedPosition position,
            ReadableColumns readable,
            ReadableColumns old) {
        ChangeRows rows = switch (change) {
            case Change.Insert insert -> new ChangeRows("INSERT", membership, insert.newRow(), null);
            case Change.Update update -> rowsOf(update, membership);
            case Change.Delete delete -> new ChangeRows("DELETE", membership, null, delete.oldRow());
            case Change.Truncate _ -> throw new IllegalArgumentException("a TRUNCATE is never delivered");
        };
        return encode(rows, change, position, readable, old);
    }

    /// The event and rows that a subscriber receives for a change.
    private record ChangeRows(
            String type,
            MembershipChange membership,
            @Nullable Row newRow,
            @Nullable Row oldRow) {}

    private static ChangeRows rowsOf(Change.Update update, MembershipChange membership) {
        return new ChangeRows(
                membership.event().name(),
                membership,
                membership == MembershipChange.LEFT ? null : update.newRow(),
                membership == MembershipChange.ENTERED ? null : update.oldRow());
    }

    private EncodedChange encode(
            ChangeRows rows, Change change, FeedPosition position, ReadableColumns readable, ReadableColumns old) {
        Records whole = records(readable, old, rows, Integer.MAX_VALUE, recordBytesMax);
        boolean tooLarge = whole.json.length() > recordBytesMax
                || whole.json.toString().getBytes(StandardCharsets.UTF_8).length > recordBytesMax;
        Records records =
                tooLarge ? records(readable, old, rows, RecordText.SMALL_VALUE_BYTES_MAX, Integer.MAX_VALUE) : whole;
        StringBuilder out = new StringBuilder(records.json.length() + 256);
        out.append("{\"type\":\"").append(rows.type).append("\",\"schema\":");
        JsonText.string(out, change.table().id().schema());
        out.append(",\"table\":");
        JsonText.string(out, change.table().id().name());
        out.append(",\"commit_timestamp\":\"")
                .append(timestamp(change.commit()))
                .append("\",\"columns\":");
        out.append(columnList(change.table(), readable));
        out.append(records.json);
        appendMissing(out, readable, records.missing, rows.newRow != null);
        out.append(",\"position\":\"").append(position).append('"');
        if (rows.membership != MembershipChange.KEPT) {
            out.append(",\"membership\":\"").append(rows.membership.code()).append('"');
        }
        out.append(",\"errors\":")
                .append(tooLarge ? "[\"Error 413: Payload Too Large\"]" : "null")
                .append('}');
        return new EncodedChange(
                rows.type,
                Optional.of(position.toString()),
                out.toString().getBytes(StandardCharsets.UTF_8),
                change.commit().timeMicros());
    }

    /// The `record` and `old_record` members, each after a comma, and the values that they lack.
    private record Records(StringBuilder json, Map<String, MissingReason> missing) {}

    private static Records records(
            ReadableColumns readable, ReadableColumns old, ChangeRows rows, int valueBytesMax, int charsMax) {
        Records records = new Records(new StringBuilder(), new TreeMap<>());
        if (rows.newRow != null) {
            appendRow(records, "record", readable, rows.newRow, valueBytesMax, charsMax);
        }
        if (rows.oldRow != null) {
            appendRow(records, "old_record", old, rows.oldRow, valueBytesMax, charsMax);
        }
        return records;
    }

    private static void appendRow(
            Records records, String name, ReadableColumns readable, Row row, int valueBytesMax, int charsMax) {
        records.json.append(",\"").append(name).append("\":");
        RecordText.row(records.json, records.missing, readable.indexes(), row, valueBytesMax, charsMax);
    }

    private static void appendMissing(
            StringBuilder out, ReadableColumns readable, Map<String, MissingReason> missing, boolean hasRecord) {
        if (hasRecord) {
            readable.generated().forEach(name -> missing.put(name, MissingReason.GENERATED));
        }
        readable.unmapped().forEach(name -> missing.put(name, MissingReason.NOT_EXACT));
        RecordText.missing(out, missing);
    }

    private String columnList(Table table, ReadableColumns readable) {
        return columnLists
                .computeIfAbsent(table, _ -> new java.util.concurrent.ConcurrentHashMap<>())
                .computeIfAbsent(readable, _ -> {
                    StringBuilder out = new StringBuilder();
                    RecordText.columns(out, table, readable.indexes());
                    return out.toString();
                });
    }

    private static String timestamp(Commit commit) {
        return MILLISECONDS.format(Instant.ofEpochSecond(0, Math.floorDiv(commit.timeMicros(), 1000L) * 1_000_000L));
    }
}
