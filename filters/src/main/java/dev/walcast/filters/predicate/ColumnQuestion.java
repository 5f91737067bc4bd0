package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/// Asks Postgres for a boolean expression over one column's value and one value of the client.
///
/// @param column     the column whose value stands for [#VALUE]
/// @param type       SQL of the type as which Postgres reads the column's output text
/// @param expression SQL in which [#VALUE] stands for the value or its text, and [#PARAMETER] for a text; it
///                   names types and collations in full
/// @param parameter  the text for [#PARAMETER]; null when the expression has none
/// @param session    the role and the settings with which Postgres evaluates it
/// @param effort     how much work it may be for Postgres
public record ColumnQuestion(
        String column,
        String type,
        String expression,
        @Nullable String parameter,
        RoleSession session,
        Effort effort) implements RowQuestion {
    /// How much work an answer may be for Postgres. Questions that may need much work have connections of their
    /// own.
    public enum Effort {
        USUAL,
        /// The work grows with the value and with the client's pattern, as for LIKE.
        BY_PATTERN,
        /// As [#BY_PATTERN], and Postgres compiles the pattern first: a regular expression, a full-text query.
        COMPILED
    }

    /// Marks the column's value in an expression. Neither this nor [#PARAMETER] can occur in SQL text or in an
    /// identifier.
    public static final char VALUE = '\u0001';

    /// Marks the client's text in an expression.
    public static final char PARAMETER = '\u0002';

    public ColumnQuestion {
        requireNonNull(column, "column is null");
        requireNonNull(expression, "expression is null");
        requireNonNull(type, "type is null");
        requireNonNull(session, "session is null");
        requireNonNull(effort, "effort is null");
    }

    /// Creates a question of [Effort#USUAL].
    public ColumnQuestion(
            String column, String type, String expression, @Nullable String parameter, RoleSession session) {
        this(column, type, expression, parameter, session, Effort.USUAL);
    }

    /// Creates a question about a text column, for no role.
    public ColumnQuestion(String column, String expression, @Nullable String parameter) {
        this(column, "pg_catalog.text", expression, parameter, RoleSession.NO_ROLE);
    }

    /// Returns the expression as SQL.
    ///
    /// @param value     SQL for the column's value or its text
    /// @param parameter SQL for the client's text
    public String sql(String value, String parameter) {
        return expression.replace(String.valueOf(VALUE), value).replace(String.valueOf(PARAMETER), parameter);
    }
}
