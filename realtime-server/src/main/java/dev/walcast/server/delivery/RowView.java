package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.Predicate;

/// What decides which rows of a table a binding receives. While it stays equal, the binding may keep what it knows.
///
/// @param oid    the table's
/// @param role   the viewer's
/// @param policy what the policies show to the viewer
/// @param filter what the client asked for
public record RowView(TableId table, long oid, String role, Predicate policy, Predicate filter) {
    public RowView {
        requireNonNull(table, "table is null");
        requireNonNull(role, "role is null");
        requireNonNull(policy, "policy is null");
        requireNonNull(filter, "filter is null");
    }

    /// Whether it is a view of this table, and not of another one that had, or got, its name.
    boolean isOf(Table version) {
        return table.equals(version.id()) && !version.isOtherThan(oid);
    }
}
