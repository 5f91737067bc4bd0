package dev.walcast.cdc.text;

/// A value that cannot be written exactly.
final class NotExactException extends Exception {
    private static final long serialVersionUID = 1L;
}
