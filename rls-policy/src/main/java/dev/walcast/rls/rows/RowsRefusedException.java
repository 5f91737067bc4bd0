package dev.walcast.rls.rows;

/// The rows cannot be read, now or later; the message is fit for the client.
public final class RowsRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    public RowsRefusedException(String message) {
        super(message);
    }
}
