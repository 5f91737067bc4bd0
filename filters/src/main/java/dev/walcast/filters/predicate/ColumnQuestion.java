package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/// A boolean expression over one column's value and one value of the client's.
///
/// @param column     whose value stands for [#VALUE]
/// @param type       SQL of the type as which the column's output text is read
/// @param expression SQL in which [#VALUE] stands for the value or its text, and [#PARAMETER] for a text; types and
///                   collations are spelled out
/// @param parameter  what stands for [#PARAMETER]; null when the expression has none
/// @param session    as whom, and with which settings, Postgres evaluates it
/// @param effort     what it may cost Postgres
public record ColumnQuestion(
        String column,
        String type,
        String expression,
        @Nullable String parameter,
        RoleSession session,
        Effort effort) implements RowQuestion {
    /// What an answer may cost Postgres. Questions that may cost much have connections of their own.
    public enum Effort {
        USUAL,
        /// It grows with the value and the client's pattern, as of LIKE.
        BY_PATTERN,
        /// So does this, and the pattern is compiled first: a regular expression, a full-text query.
        COMPILED
    }

    /// Neither can occur in SQL text or in an identifier.
    public static final char VALUE = '\u0001';

    public static final char PARAMETER = '\u0002';

    public ColumnQuestion {
        requireNonNull(column, "column is null");
        requireNonNull(expression, "expression is null");
        requireNonNull(type, "type is null");
        requireNonNull(session, "session is null");
        requireNonNull(effort, "effort is null");
    }

    /// Of usual effort.
    public ColumnQuestion(
            String column, String type, String expression, @Nullable String parameter, RoleSession session) {
        this(column, type, expression, parameter, session, Effort.USUAL);
    }

    /// Of no role, and of a column of texts.
    public ColumnQuestion(String column, String expression, @Nullable String parameter) {
        this(column, "pg_catalog.text", expression, parameter, RoleSession.NO_ROLE);
    }

    /// @param value     SQL for the column's value or its text
    /// @param parameter SQL for the client's text
    public String sql(String value, String parameter) {
        return expression.replace(String.valueOf(VALUE), value).replace(String.valueOf(PARAMETER), parameter);
    }
}
