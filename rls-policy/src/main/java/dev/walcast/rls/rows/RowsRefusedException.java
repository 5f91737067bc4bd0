package dev.walcast.rls.rows;

/// Thrown when rows cannot be read, now or later. The message may be sent to the client.
public final class RowsRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /// Makes the exception.
    ///
    /// @param message a sentence for the client, without values that it may not see
    public RowsRefusedException(String message) {
        super(message);
    }
}
