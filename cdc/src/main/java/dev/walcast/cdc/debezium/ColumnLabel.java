package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.util.HexFormat;
import java.util.List;

/// A column and its table as the log describes them. Debezium carries the label as the name of the column's
/// type. So it comes with the record and describes the moment when the row was written.
record ColumnLabel(long tableOid, TableId table, String column, long typeOid, boolean inIdentity) {
    private static final HexFormat HEX = HexFormat.of();
    private static final String SEPARATOR = "-";

    ColumnLabel {
        requireNonNull(table, "table is null");
        requireNonNull(column, "column is null");
    }

    /// Returns the label as text of letters, digits and hyphens only, because Debezium interprets brackets,
    /// quotes and dots in names of types.
    String text() {
        return String.join(
                SEPARATOR,
                "w",
                Long.toString(tableOid),
                hex(table.schema()),
                hex(table.name()),
                hex(column),
                Long.toString(typeOid),
                inIdentity ? "k" : "n");
    }

    static ColumnLabel parse(String text) {
        List<String> parts = List.of(text.split(SEPARATOR, -1));
        return new ColumnLabel(
                Long.parseLong(parts.get(1)),
                new TableId(name(parts.get(2)), name(parts.get(3))),
                name(parts.get(4)),
                Long.parseLong(parts.get(5)),
                parts.get(6).equals("k"));
    }

    private static String hex(String name) {
        return HEX.formatHex(name.getBytes(UTF_8));
    }

    private static String name(String hex) {
        return new String(HEX.parseHex(hex), UTF_8);
    }
}
