package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/// A boolean expression over one column's value and one value of the client's.
///
/// @param column     whose output text stands for [#VALUE]
/// @param expression SQL in which [#VALUE] and [#PARAMETER] stand for texts; types and collations are spelled out
/// @param parameter  what stands for [#PARAMETER]; null when the expression has none
/// @param role       as whom Postgres evaluates it; empty for a login without rights
public record ColumnQuestion(
        String column, String expression, @Nullable String parameter, String role) implements Question {
    /// Neither can occur in SQL text or in an identifier.
    public static final char VALUE = '\u0001';

    public static final char PARAMETER = '\u0002';

    public ColumnQuestion {
        requireNonNull(column, "column is null");
        requireNonNull(expression, "expression is null");
        requireNonNull(role, "role is null");
    }

    /// Of no role.
    public ColumnQuestion(String column, String expression, @Nullable String parameter) {
        this(column, expression, parameter, "");
    }

    /// @param value     SQL for the column's text
    /// @param parameter SQL for the client's text
    public String sql(String value, String parameter) {
        return expression.replace(String.valueOf(VALUE), value).replace(String.valueOf(PARAMETER), parameter);
    }
}
