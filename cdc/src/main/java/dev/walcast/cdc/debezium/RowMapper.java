package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Missing;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import java.util.BitSet;
import java.util.List;
import org.apache.kafka.connect.data.Struct;
import org.jspecify.annotations.Nullable;

/// Turns a record's row images into [Row]s.
final class RowMapper {
    private final Table table;
    private final BitSet inexact;
    private final boolean hasProvenIdentity;

    /// @param inexact           the columns whose values cannot be read exactly
    /// @param hasProvenIdentity whether the table's replica identity is that of the log
    RowMapper(Table table, BitSet inexact, boolean hasProvenIdentity) {
        this.hasProvenIdentity = hasProvenIdentity;
        this.table = requireNonNull(table, "table is null");
        this.inexact = requireNonNull(inexact, "inexact is null");
    }

    Row newRow(Struct image) {
        Row.Builder row = Row.of(table);
        List<Column> columns = table.columns();
        for (int i = 0; i < columns.size(); i++) {
            set(row, i, image.getString(columns.get(i).name()));
        }
        return row.build();
    }

    /// The old image holds the replica identity; Debezium fills the other columns with nulls.
    Row oldRow(Struct image) {
        if (!hasProvenIdentity) {
            return partOf(image);
        }
        boolean whole = isWhole(image);
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

    /// A null may stand for a column that the image does not hold, so it counts as absent.
    private Row partOf(Struct image) {
        Row.Builder row = Row.of(table);
        for (int i = 0; i < table.columns().size(); i++) {
            String value = image.getString(table.columns().get(i).name());
            if (value == null) {
                row.missing(i, Missing.NOT_IN_IDENTITY);
            } else {
                set(row, i, value);
            }
        }
        return row.build();
    }

    /// The old row of an UPDATE that left the identity alone.
    Row unchangedIdentity(Row newRow) {
        if (hasProvenIdentity) {
            return newRow.identityOnly();
        }
        Row.Builder row = Row.of(table);
        for (int i = 0; i < table.columns().size(); i++) {
            row.missing(i, Missing.NOT_IN_IDENTITY);
        }
        return row.build();
    }

    /// The identity was asked of the catalog later than the change was written: an image that holds more than the
    /// identity shows that it was FULL then.
    private boolean isWhole(Struct image) {
        for (Column column : table.columns()) {
            if (!column.identity() && image.getString(column.name()) != null) {
                return true;
            }
        }
        return false;
    }

    private void set(Row.Builder row, int column, @Nullable String value) {
        Missing missing = value == null ? null : Mark.read(value);
        if (value != null && missing == null && inexact.get(column)) {
            row.missing(column, Missing.NOT_EXACT);
        } else if (missing == null) {
            row.text(column, value);
        } else {
            row.missing(column, missing);
        }
    }
}
