package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A part of a parsed filter. Its names are not looked up in a table yet.
public sealed interface FilterNode {
    /// A condition on one column.
    ///
    /// @param column   as the client wrote it: a column's name, or a path into its JSON
    /// @param value    unquoted; for [Operator#IN] a Postgres array literal
    /// @param language of a full-text search; null for the database's default
    record Condition(
            String column,
            Operator operator,
            String value,
            boolean negated,
            @Nullable String language) implements FilterNode {
        public Condition {
            requireNonNull(column, "column is null");
            requireNonNull(operator, "operator is null");
            requireNonNull(value, "value is null");
        }

        public Condition(String column, Operator operator, String value, boolean negated) {
            this(column, operator, value, negated, null);
        }
    }

    /// A group of nodes, all or one of which must be true.
    record Group(boolean any, boolean negated, List<FilterNode> nodes) implements FilterNode {
        public Group {
            nodes = List.copyOf(nodes);
        }
    }
}
