package dev.walcast.rls.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Map;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Classifies SQL errors by their SQLSTATE, and by where Postgres raised them.
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

    /// Whether it helps to ask again after a failure.
    public enum Remedy {
        /// Postgres is unreachable, has no room, or another transaction holds a lock. Ask again after a pause.
        WAIT,
        /// A passing cause, such as a deadlock, a timeout or a catalog that just changed. Ask again.
        ASK_AGAIN,
        /// The failure would repeat.
        NONE
    }

    /// Returns whether it helps to ask again after this failure.
    public static Remedy remedy(SQLException e) {
        SQLException told = told(e);
        String state = String.valueOf(told.getSQLState());
        if (saysPostgresIsAway(told) || state.equals(LOCK_NOT_AVAILABLE)) {
            return Remedy.WAIT;
        }
        return saysTheValueIsWrong(told) && !state.startsWith("XX") ? Remedy.NONE : Remedy.ASK_AGAIN;
    }

    /// Returns the first error in the chain of causes that has a state; this error when none has.
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

    /// Whether Postgres refused the statement because of its data or names. Asking again would not help.
    public static boolean saysTheValueIsWrong(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.startsWith("0A")
                || state.startsWith("22")
                || state.startsWith("23")
                || state.startsWith("42")
                || state.startsWith("P0")
                || state.equals("XX000");
    }

    /// Whether Postgres is unreachable or accepts no connection now. Asking later may help.
    public static boolean saysPostgresIsAway(SQLException e) {
        String state = e.getSQLState();
        return isTransient(e)
                || state == null
                || state.startsWith("08")
                || state.startsWith("57P")
                || state.startsWith("53");
    }

    /// Whether Postgres sent the error in answer to a statement. Errors of the driver are not.
    public static boolean isOfPostgres(SQLException e) {
        return e instanceof PSQLException postgres && postgres.getServerErrorMessage() != null;
    }

    /// Whether a function in PL/pgSQL raised the error. Its state is then one that the function chose.
    public static boolean isRaisedByAFunction(SQLException e) {
        ServerErrorMessage server = e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
        return server != null && "exec_stmt_raise".equals(server.getRoutine());
    }

    /// Whether the connection was lost with this error. The pool closes a connection by the state alone: also
    /// after `0A000`, which is an ordinary refusal, and after a state that a function chose. Neither is a loss. A
    /// statement that was planned before its table was altered fails with `0A000` too. It succeeds on another
    /// connection, so it counts as lost.
    public static boolean isLost(Connection connection, SQLException e) throws SQLException {
        return connection.isClosed()
                && ("0A000".equals(e.getSQLState()) ? isOutdatedStatement(e) : !isRaisedByAFunction(e));
    }

    private static boolean isOutdatedStatement(SQLException e) {
        ServerErrorMessage server = e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
        return server != null && "RevalidateCachedQuery".equals(server.getRoutine());
    }

    /// Returns the condition name of a state that a filter can cause; `error` for other states.
    public static String conditionName(String state) {
        return CONDITION_NAMES.getOrDefault(state, "error");
    }

    /// Returns the primary message of Postgres, without detail, hint and context.
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
