package dev.walcast.filters.predicate;

/// SQL's three truth values, and what else may come of a test.
public enum Truth {
    TRUE,
    FALSE,
    /// SQL's NULL: passes nothing, negated or not.
    UNKNOWN,
    /// To be asked of Postgres.
    UNDECIDED,
    /// Evaluating it raises an error.
    FAILED,
    /// It was resolved for another definition of the table than the row has.
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
