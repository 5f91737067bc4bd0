package dev.walcast.server.request;

/// A binding that cannot be served. The message goes to the client as it is.
public final class BindingRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    public BindingRefusedException(String message) {
        super(message);
    }
}
