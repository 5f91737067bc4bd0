package dev.walcast.server.changes;

import java.sql.SQLException;
import java.util.Map;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Reads what an SQL error says.
final class SqlStates {
    /// The condition names of the errors that a filter's value can cause, as Postgres' documentation names them.
    private static final Map<String, String> CONDITION_NAMES = Map.of(
            "22P02", "invalid_text_representation",
            "22003", "numeric_value_out_of_range",
            "22007", "invalid_datetime_format",
            "22008", "datetime_field_overflow",
            "22001", "string_data_right_truncation",
            "22021", "character_not_in_repertoire",
            "23514", "check_violation",
            "42704", "undefined_object",
            "42846", "cannot_coerce",
            "P0001", "raise_exception");

    private SqlStates() {}

    /// Whether the statement reached Postgres and was refused for its data, so that asking again would not help.
    static boolean saysTheValueIsWrong(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.startsWith("22") || state.startsWith("23") || state.startsWith("42") || state.startsWith("P0");
    }

    static String conditionName(String state) {
        return CONDITION_NAMES.getOrDefault(state, "error");
    }

    /// Postgres' own sentence, without detail, hint and context.
    static String primaryMessage(SQLException e) {
        if (e instanceof PSQLException postgres) {
            ServerErrorMessage server = postgres.getServerErrorMessage();
            if (server != null && server.getMessage() != null) {
                return server.getMessage();
            }
        }
        return String.valueOf(e.getMessage());
    }
}
