package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Struct;
import org.jspecify.annotations.Nullable;

/// Converts a record's row images to [Row]s. Columns are identified by their positions, because their names in
/// Debezium may be others.
final class RowMapper {
    private static final char REPLACEMENT = '\uFFFD';

    /// `"char"` and its array.
    private static final Set<Long> TYPES_OF_BYTES = Set.of(18L, 1002L);

    private final DecoderNotes notes;

    RowMapper(DecoderNotes notes) {
        this.notes = requireNonNull(notes, "notes is null");
    }

    /// @param inexact the columns whose values cannot be read exactly
    Row newRow(Table table, BitSet inexact, Struct image) {
        Row.Builder row = Row.of(table);
        List<Field> fields = image.schema().fields();
        for (int i = 0; i < fields.size(); i++) {
            set(row, i, table.columns().get(i).type(), inexact.get(i), (String) image.get(fields.get(i)));
        }
        return row.build();
    }

    /// Reads an old row, which holds the replica identity. Debezium fills the other columns with nulls.
    Row oldRow(Table table, BitSet inexact, Struct image) {
        Row.Builder row = Row.of(table);
        List<Column> columns = table.columns();
        List<Field> fields = image.schema().fields();
        for (int i = 0; i < fields.size(); i++) {
            if (columns.get(i).identity()) {
                set(row, i, table.columns().get(i).type(), inexact.get(i), (String) image.get(fields.get(i)));
            } else {
                row.missing(i, MissingReason.NOT_IN_IDENTITY);
            }
        }
        return row.build();
    }

    @SuppressWarnings({"StringEquality", "ReferenceEquality"}) // a column may hold an equal text
    private void set(Row.Builder row, int column, PgType type, boolean inexact, @Nullable String value) {
        if (value == TextConverter.UNCHANGED) {
            row.missing(column, MissingReason.UNCHANGED_TOAST);
        } else if (notes.unreadable().equals(value) || (inexact && value != null) || isDamaged(type, value)) {
            row.missing(column, MissingReason.NOT_EXACT);
        } else {
            row.text(column, value);
        }
    }

    /// Whether Debezium has replaced the value. Before Postgres 16 a `"char"` may be any byte, for which
    /// Debezium inserts a replacement character.
    private static boolean isDamaged(PgType type, @Nullable String value) {
        return value != null && value.indexOf(REPLACEMENT) >= 0 && TYPES_OF_BYTES.contains(type.oid());
    }
}
