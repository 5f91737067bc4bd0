package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The columns of a policy's own table: which of them an expression reads, and where a row has them.
final class PolicyColumns {
    private final TableAccess access;
    private final Map<Long, ColumnAccess> columns = new HashMap<>();

    PolicyColumns(TableAccess access) {
        this.access = requireNonNull(access, "access is null");
        access.columns().forEach(column -> columns.put((long) column.number(), column));
    }

    /// Returns the column that a variable outside all sub-selects stands for; null when the node is none.
    @Nullable
    ColumnAccess of(NodeTree node) {
        return node.name().equals("VAR") && node.number("varno") == 1 && node.number("varlevelsup") == 0
                ? columns.get(node.number("varattno"))
                : null;
    }

    /// Returns where a row has the column.
    ResolvedColumn place(ColumnAccess column) {
        return new ResolvedColumn(column.name(), column.type().baseOid(), column.number(), access.carries(column));
    }

    /// Whether a column has a domain as its type, or an array of a domain.
    boolean haveDomains() {
        return columns.values().stream().anyMatch(PolicyColumns::isOfDomain);
    }

    private static boolean isOfDomain(ColumnAccess column) {
        ColumnType element = column.type().element();
        return column.type().isDomain() || (element != null && element.isDomain());
    }

    /// Returns the columns that an expression reads; all of them when the expression is opaque. A variable inside
    /// sub-selects belongs to the policy's table when it refers as many levels up as there are queries around it.
    Set<ResolvedColumn> readBy(NodeTree node) {
        Set<ResolvedColumn> places = new LinkedHashSet<>();
        if (node.isOpaque()) {
            columns.values().forEach(each -> places.add(place(each)));
        }
        node.walk(0, (part, depth) -> {
            if (part.name().equals("VAR") && part.number("varlevelsup") == depth && part.number("varno") == 1) {
                addColumn(part, places);
            }
            return part.name().equals("QUERY") ? depth + 1 : depth;
        });
        return places;
    }

    private void addColumn(NodeTree variable, Set<ResolvedColumn> places) {
        ColumnAccess column = columns.get(variable.number("varattno"));
        if (column != null) {
            places.add(place(column));
            return;
        }
        // The whole row. Rows have no system columns; no column of a row has this name.
        columns.values().forEach(each -> places.add(place(each)));
        if (variable.number("varattno") < 0) {
            places.add(new ResolvedColumn("system column " + variable.text("varattno"), 0));
        }
    }
}
