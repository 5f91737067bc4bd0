package dev.walcast.filters;

/// A filter that does not follow the grammar. The message is the protocol's own text, fit for the client.
public final class FilterSyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    FilterSyntaxException(String problem) {
        super("Error parsing `filter` params: " + problem);
    }
}
