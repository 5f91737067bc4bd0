package dev.walcast.rls.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Map;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Reads what an SQL error says.
public final class SqlStates {
    private static final int CAUSES_MAX = 8;
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    /// The condition names of the errors that a filter's value can cause, as Postgres' documentation names them.
    private static final Map<String, String> CONDITION_NAMES = Map.ofEntries(
            Map.entry("22P02", "invalid_text_representation"),
            Map.entry("22003", "numeric_value_out_of_range"),
            Map.entry("22007", "invalid_datetime_format"),
            Map.entry("22008", "datetime_field_overflow"),
            Map.entry("22001", "string_data_right_truncation"),
            Map.entry("22021", "character_not_in_repertoire"),
            Map.entry("23514", "check_violation"),
            Map.entry("42704", "undefined_object"),
            Map.entry("42846", "cannot_coerce"),
            Map.entry("42883", "undefined_function"),
            Map.entry("22025", "invalid_escape_sequence"),
            Map.entry("2201B", "invalid_regular_expression"),
            Map.entry("P0001", "raise_exception"));

    private SqlStates() {}

    /// What to do when a question failed.
    public enum Remedy {
        /// Postgres is away, has no room, or another transaction holds a lock: that ends by itself.
        WAIT,
        /// Something was in the way: a deadlock, a timeout, a catalog that just changed.
        ASK_AGAIN,
        /// The answer would be the same.
        NONE
    }

    public static Remedy remedy(SQLException e) {
        SQLException told = told(e);
        String state = String.valueOf(told.getSQLState());
        if (saysPostgresIsAway(told) || state.equals(LOCK_NOT_AVAILABLE)) {
            return Remedy.WAIT;
        }
        return saysTheValueIsWrong(told) && !state.startsWith("XX") ? Remedy.NONE : Remedy.ASK_AGAIN;
    }

    /// The error that has a state, be it wrapped in others; else this one.
    public static SQLException told(SQLException e) {
        int depth = 0;
        for (Throwable cause = e; cause != null && depth < CAUSES_MAX; cause = cause.getCause(), depth++) {
            if (cause instanceof SQLException sql && (sql.getSQLState() != null || isTransient(sql))) {
                return sql;
            }
        }
        return e;
    }

    private static boolean isTransient(SQLException e) {
        return e instanceof SQLTransientConnectionException;
    }

    /// Whether the statement reached Postgres and was refused for its data, so that asking again would not help.
    public static boolean saysTheValueIsWrong(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.startsWith("0A")
                || state.startsWith("22")
                || state.startsWith("23")
                || state.startsWith("42")
                || state.startsWith("P0")
                || state.equals("XX000");
    }

    /// Whether there is no connection, or none to be had now: the same question may be answered later.
    public static boolean saysPostgresIsAway(SQLException e) {
        String state = e.getSQLState();
        return isTransient(e)
                || state == null
                || state.startsWith("08")
                || state.startsWith("57P")
                || state.startsWith("53");
    }

    /// Whether Postgres sent it, as the answer to a statement.
    public static boolean isOfPostgres(SQLException e) {
        return e instanceof PSQLException postgres && postgres.getServerErrorMessage() != null;
    }

    /// Whether a function in PL/pgSQL raised it, with whatever state it liked.
    public static boolean isRaisedByAFunction(SQLException e) {
        ServerErrorMessage server = e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
        return server != null && "exec_stmt_raise".equals(server.getRoutine());
    }

    /// Whether the connection was lost with this error. The pool closes a connection by the state alone, also
    /// after `0A000`, which is an ordinary refusal, and after a state that a function chose. A statement that was
    /// planned before its table was altered has `0A000` as well. It is answered on another connection, so it
    /// counts as lost.
    public static boolean isLost(Connection connection, SQLException e) throws SQLException {
        return connection.isClosed()
                && ("0A000".equals(e.getSQLState()) ? isOutdatedStatement(e) : !isRaisedByAFunction(e));
    }

    private static boolean isOutdatedStatement(SQLException e) {
        ServerErrorMessage server = e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
        return server != null && "RevalidateCachedQuery".equals(server.getRoutine());
    }

    public static String conditionName(String state) {
        return CONDITION_NAMES.getOrDefault(state, "error");
    }

    /// Postgres' own sentence, without detail, hint and context.
    public static String primaryMessage(SQLException e) {
        if (e instanceof PSQLException postgres) {
            ServerErrorMessage server = postgres.getServerErrorMessage();
            if (server != null && server.getMessage() != null) {
                return server.getMessage();
            }
        }
        return String.valueOf(e.getMessage());
    }
}
