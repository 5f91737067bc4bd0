package dev.walcast.rls.rows;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.Predicate;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Rows of one table as a viewer may read them. Equal queries have equal answers.
///
/// @param access what the viewer may read
/// @param select the columns asked for besides the key; empty for all
/// @param filter of column questions only
/// @param limit  of rows
public record RowQuery(
        Viewer viewer, TableAccess access, Set<String> select, Predicate filter, List<Ordering> order, long limit) {
    public RowQuery {
        requireNonNull(viewer, "viewer is null");
        requireNonNull(access, "access is null");
        select = Set.copyOf(select);
        requireNonNull(filter, "filter is null");
        order = List.copyOf(order);
    }

    /// @param nullsFirst empty for Postgres' default
    public record Ordering(String column, boolean descending, Optional<Boolean> nullsFirst) {
        public Ordering {
            requireNonNull(column, "column is null");
            requireNonNull(nullsFirst, "nullsFirst is null");
        }
    }
}
