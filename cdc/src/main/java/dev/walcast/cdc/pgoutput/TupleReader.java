package dev.walcast.cdc.pgoutput;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the row images of a change. Values of columns whose type is not known with certainty are reported as
/// missing.
final class TupleReader {
    private TupleReader() {}

    /// Reads an image with every column, except large values that an UPDATE left unchanged.
    static Row whole(Table table, WireBytes message, BitSet inexact) {
        int count = count(table, message);
        Row.Builder row = Row.of(table);
        for (int i = 0; i < count; i++) {
            read(message, row, i, inexact.get(i));
        }
        return row.build();
    }

    /// Reads an image in which the columns outside the replica identity are not filled.
    static Row identity(Table table, WireBytes message, BitSet inexact) {
        int count = count(table, message);
        List<Column> columns = table.columns();
        Row.Builder row = Row.of(table);
        for (int i = 0; i < count; i++) {
            read(message, row, i, inexact.get(i));
            if (!columns.get(i).identity()) {
                row.missing(i, MissingReason.NOT_IN_IDENTITY);
            }
        }
        return row.build();
    }

    private static int count(Table table, WireBytes message) {
        int count = message.int16();
        if (count != table.columns().size()) {
            throw new IllegalStateException("a row of " + count + " columns in table " + table + ", which has "
                    + table.columns().size());
        }
        return count;
    }

    private static void read(WireBytes message, Row.Builder row, int column, boolean inexact) {
        char kind = message.tag();
        switch (kind) {
            case 'n' -> row.text(column, null);
            case 'u' -> row.missing(column, MissingReason.UNCHANGED_TOAST);
            case 't' -> {
                String text = message.text(message.int32());
                text(row, column, inexact ? null : text);
            }
            default -> throw new IllegalStateException("unknown kind of value: " + kind);
        }
    }

    private static void text(Row.Builder row, int column, @Nullable String text) {
        if (text == null) {
            row.missing(column, MissingReason.NOT_EXACT);
        } else {
            row.text(column, text);
        }
    }
}
