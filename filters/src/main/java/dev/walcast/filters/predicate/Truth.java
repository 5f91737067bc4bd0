package dev.walcast.filters.predicate;

/// The result of a test: SQL's three truth values, and three reasons why there is none.
public enum Truth {
    TRUE,
    FALSE,
    /// SQL's NULL. Its negation is unknown as well.
    UNKNOWN,
    /// Postgres must be asked.
    UNDECIDED,
    /// The evaluation raises an error.
    FAILED,
    /// The test was resolved for another definition of the table than the row has.
    INAPPLICABLE;

    public static Truth of(boolean value) {
        return value ? TRUE : FALSE;
    }

    public Truth not() {
        return switch (this) {
            case TRUE -> FALSE;
            case FALSE -> TRUE;
            case UNKNOWN, UNDECIDED, FAILED, INAPPLICABLE -> this;
        };
    }
}
