package dev.walcast.server.dev;

/// Why `walcast dev` cannot go on; one sentence with the fix.
public final class DevException extends Exception {
    private static final long serialVersionUID = 1L;

    public DevException(String message) {
        super(message);
    }
}
