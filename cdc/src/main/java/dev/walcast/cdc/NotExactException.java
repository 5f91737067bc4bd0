package dev.walcast.cdc;

/// A value that cannot be written exactly.
final class NotExactException extends Exception {
    private static final long serialVersionUID = 1L;
}
