package dev.walcast.cdc;

/// Thrown when a source cannot start. The message is one sentence for the operator with the remedy; it holds no
/// secret.
public class SourceException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean temporary;

    public SourceException(String message, boolean temporary) {
        super(message);
        this.temporary = temporary;
    }

    /// Whether a later attempt may succeed without an operator.
    public final boolean temporary() {
        return temporary;
    }
}
