package dev.walcast.rls;

import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.rls.TableAccess.ColumnAccess;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the publication sends of one table.
///
/// @param events   the kinds of change
/// @param columns  the numbers of the columns; null for all but generated ones
/// @param filtered whether a WHERE clause of the publication leaves rows out
public record TablePublication(Set<ChangeEvent> events, @Nullable Set<Integer> columns, boolean filtered) {
    /// All rows, all changes and all columns but generated ones.
    public static final TablePublication EVERYTHING = new TablePublication(EnumSet.allOf(ChangeEvent.class), null, false);

    public TablePublication {
        events = Set.copyOf(events);
        columns = columns == null ? null : Set.copyOf(columns);
    }

    /// Whether changes hold the column.
    boolean carries(ColumnAccess column) {
        return columns == null ? !column.generated() : columns.contains(column.number());
    }
}
