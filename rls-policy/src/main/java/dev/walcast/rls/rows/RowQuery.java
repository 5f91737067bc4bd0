package dev.walcast.rls.rows;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.Predicate;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A query for rows of one table with the rights of a viewer. Equal queries have equal results.
///
/// @param access what the viewer may read
/// @param select the columns to read besides the key; empty for all
/// @param filter consists of column questions only
/// @param limit  the most rows to read
public record RowQuery(
        Viewer viewer, TableAccess access, Set<String> select, Predicate filter, List<Ordering> order, long limit) {
    public RowQuery {
        requireNonNull(viewer, "viewer is null");
        requireNonNull(access, "access is null");
        select = Set.copyOf(select);
        requireNonNull(filter, "filter is null");
        order = List.copyOf(order);
    }

    /// One column of the order.
    ///
    /// @param nullsFirst empty for the default of Postgres
    public record Ordering(String column, boolean descending, Optional<Boolean> nullsFirst) {
        public Ordering {
            requireNonNull(column, "column is null");
            requireNonNull(nullsFirst, "nullsFirst is null");
        }
    }
}
