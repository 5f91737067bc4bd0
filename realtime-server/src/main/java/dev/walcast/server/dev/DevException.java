package dev.walcast.server.dev;

/// Thrown when `walcast dev` cannot continue. The message is one sentence with the remedy.
public final class DevException extends Exception {
    private static final long serialVersionUID = 1L;

    public DevException(String message) {
        super(message);
    }
}
