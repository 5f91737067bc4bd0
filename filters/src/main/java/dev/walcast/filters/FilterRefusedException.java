package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

/// Thrown when a filter cannot be evaluated. Holds the SQLSTATE and the message for the client.
public final class FilterRefusedException extends Exception {
    /// The SQLSTATE of a question that Postgres did not answer in time.
    public static final String TOO_SLOW = "57014";

    private static final long serialVersionUID = 1L;

    private final String sqlState;

    public FilterRefusedException(String sqlState, String message) {
        super(requireNonNull(message, "message is null"));
        this.sqlState = requireNonNull(sqlState, "sqlState is null");
    }

    /// Creates the error of one of the reference implementation's own checks: `P0001`, as PL/pgSQL's `raise`.
    static FilterRefusedException raised(String message) {
        return new FilterRefusedException("P0001", message);
    }

    public String sqlState() {
        return sqlState;
    }

    @Override
    public String getMessage() {
        return requireNonNull(super.getMessage());
    }
}
