package dev.walcast.cdc;

/// Why a source cannot start. The message is one sentence with the fix, fit for an operator; it holds no secret.
public final class SourceException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean temporary;

    public SourceException(String message, boolean temporary) {
        super(message);
        this.temporary = temporary;
    }

    /// Whether trying again later can help without anybody acting.
    public boolean temporary() {
        return temporary;
    }
}
