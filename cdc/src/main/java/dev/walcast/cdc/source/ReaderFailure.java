package dev.walcast.cdc.source;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Classifies the errors that end a reading, and describes them in one sentence.
public final class ReaderFailure {
    /// Classes of SQLSTATE: connection, transaction state and rollback, resources, intervention, system.
    private static final List<String> OF_CONNECTION = List.of("08", "25", "40", "53", "57", "58");

    private ReaderFailure() {}

    private static final String UNDEFINED_OBJECT = "42704";

    /// Whether Postgres did not find an object: a publication or the slot.
    static boolean isUndefinedObject(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && UNDEFINED_OBJECT.equals(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }

    /// Returns one sentence: the message of the first SQL error among the causes, else of the deepest cause.
    public static String describe(@Nullable String message, @Nullable Throwable error) {
        Throwable deepest = error;
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            deepest = cause;
            if (cause instanceof SQLException) {
                break;
            }
        }
        String text = deepest == null ? message : deepest.getMessage();
        return text == null
                ? "the reader stopped"
                : text.lines().findFirst().orElse("").strip();
    }

    /// Whether a statement failed because of the connection or the server, and not because of its content.
    public static boolean isConnectionFailure(SQLException failure) {
        String state = failure.getSQLState();
        return state == null || OF_CONNECTION.stream().anyMatch(state::startsWith);
    }
}
