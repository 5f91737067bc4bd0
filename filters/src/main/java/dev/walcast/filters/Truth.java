package dev.walcast.filters;

/// SQL's three truth values, a fourth for what cannot be said without asking Postgres, and a fifth for an error.
public enum Truth {
    TRUE,
    FALSE,
    /// SQL's NULL: passes nothing, negated or not.
    UNKNOWN,
    /// To be asked of Postgres.
    UNDECIDED,
    /// Evaluating it raises an error.
    FAILED;

    public static Truth of(boolean value) {
        return value ? TRUE : FALSE;
    }

    public Truth not() {
        return switch (this) {
            case TRUE -> FALSE;
            case FALSE -> TRUE;
            case UNKNOWN, UNDECIDED, FAILED -> this;
        };
    }
}
