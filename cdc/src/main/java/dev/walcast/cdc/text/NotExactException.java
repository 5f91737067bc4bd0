package dev.walcast.cdc.text;

/// Thrown when a value cannot be rendered exactly.
final class NotExactException extends Exception {
    private static final long serialVersionUID = 1L;
}
