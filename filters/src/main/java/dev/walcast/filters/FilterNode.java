package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the client said, not yet looked up in a table.
public sealed interface FilterNode {
    /// One condition.
    ///
    /// @param column   as written: a column's name, or a path into its JSON
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

    /// Conditions of which all, or any, must hold.
    record Group(boolean any, boolean negated, List<FilterNode> nodes) implements FilterNode {
        public Group {
            nodes = List.copyOf(nodes);
        }
    }
}
