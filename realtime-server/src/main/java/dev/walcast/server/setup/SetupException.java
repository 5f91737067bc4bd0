package dev.walcast.server.setup;

import java.sql.SQLException;

/// Thrown when a database could not be prepared. The message is for the user of the command and contains no secret.
public final class SetupException extends Exception {
    private static final long serialVersionUID = 1L;

    public SetupException(String message) {
        super(message);
    }

    public SetupException(String message, Throwable cause) {
        super(message, cause);
    }

    /// The first line of Postgres' message, or of the exception's.
    static String sentence(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException) {
                return firstLine(cause);
            }
        }
        return firstLine(error);
    }

    private static String firstLine(Throwable error) {
        return String.valueOf(error.getMessage()).lines().findFirst().orElse("").strip();
    }
}
