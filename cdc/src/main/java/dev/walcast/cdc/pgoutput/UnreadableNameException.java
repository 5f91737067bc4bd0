package dev.walcast.cdc.pgoutput;

/// The name of a table or column is no text in the database's encoding.
final class UnreadableNameException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    UnreadableNameException() {
        super("a name is no text in the encoding of the database");
    }
}
