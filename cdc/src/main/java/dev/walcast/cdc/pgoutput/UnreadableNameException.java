package dev.walcast.cdc.pgoutput;

/// Thrown when the name of a table or column is not valid in the database's encoding.
final class UnreadableNameException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    UnreadableNameException() {
        super("a name is not valid in the database's encoding");
    }
}
