package dev.walcast.filters;

/// Postgres could not be asked; asking again may help.
public final class UnansweredException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnansweredException(Throwable cause) {
        super(cause);
    }
}
