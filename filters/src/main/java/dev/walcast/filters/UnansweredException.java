package dev.walcast.filters;

/// Thrown when Postgres could not be asked. The same question may succeed later.
public final class UnansweredException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnansweredException(Throwable cause) {
        super(cause);
    }
}
