package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

/// One condition as the client said it, not yet looked up in a table.
///
/// @param value unquoted; for [Operator#IN] a Postgres array literal
public record Condition(String column, Operator operator, String value, boolean negated) {
    public Condition {
        requireNonNull(column, "column is null");
        requireNonNull(operator, "operator is null");
        requireNonNull(value, "value is null");
    }
}
