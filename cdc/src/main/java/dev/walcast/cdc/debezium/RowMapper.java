package dev.walcast.cdc.debezium;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Missing;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import java.util.List;
import org.apache.kafka.connect.data.Struct;

/// Turns a record's row images into [Row]s.
final class RowMapper {
    private RowMapper() {}

    static Row newRow(Table table, Struct image) {
        Row.Builder row = Row.of(table);
        List<Column> columns = table.columns();
        for (int i = 0; i < columns.size(); i++) {
            set(row, i, image.getString(columns.get(i).name()));
        }
        return row.build();
    }

    /// The old image holds the replica identity; Debezium fills the other columns with nulls.
    static Row oldRow(Table table, Struct image) {
        boolean whole = isWhole(table, image);
        Row.Builder row = Row.of(table);
        List<Column> columns = table.columns();
        for (int i = 0; i < columns.size(); i++) {
            if (whole || columns.get(i).identity()) {
                set(row, i, image.getString(columns.get(i).name()));
            } else {
                row.missing(i, Missing.NOT_IN_IDENTITY);
            }
        }
        return row.build();
    }

    /// The identity was asked of the catalog later than the change was written: an image that holds more than the
    /// identity shows that it was FULL then.
    private static boolean isWhole(Table table, Struct image) {
        for (Column column : table.columns()) {
            if (!column.identity() && image.getString(column.name()) != null) {
                return true;
            }
        }
        return false;
    }

    private static void set(Row.Builder row, int column, @org.jspecify.annotations.Nullable String value) {
        Missing missing = value == null ? null : Mark.read(value);
        if (missing == null) {
            row.text(column, value);
        } else {
            row.missing(column, missing);
        }
    }
}
