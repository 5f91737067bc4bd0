package dev.walcast.rls;

import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.rls.TableAccess.ColumnAccess;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The changes and columns of one table that the publication sends.
///
/// @param events   the kinds of change
/// @param columns  the numbers of the columns; null for all columns except generated ones
/// @param filtered whether a WHERE clause of the publication excludes rows
public record TablePublication(
        Set<ChangeEvent> events, @Nullable Set<Integer> columns, boolean filtered) {
    /// All rows, all kinds of change, and all columns except generated ones.
    public static final TablePublication EVERYTHING =
            new TablePublication(EnumSet.allOf(ChangeEvent.class), null, false);

    public TablePublication {
        events = Set.copyOf(events);
        columns = columns == null ? null : Set.copyOf(columns);
    }

    /// Whether changes carry the column.
    boolean carries(ColumnAccess column) {
        return columns == null ? !column.generated() : columns.contains(column.number());
    }
}
