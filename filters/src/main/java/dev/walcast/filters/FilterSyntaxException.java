package dev.walcast.filters;

/// Thrown when a filter violates the grammar. The message is the protocol's text for the client.
public final class FilterSyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    FilterSyntaxException(String problem) {
        super("Error parsing `filter` params: " + problem);
    }
}
