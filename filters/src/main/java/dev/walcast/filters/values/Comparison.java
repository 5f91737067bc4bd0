package dev.walcast.filters.values;

import org.jspecify.annotations.Nullable;

/// A comparison of two values of an ordered type.
public enum Comparison {
    EQUAL("="),
    NOT_EQUAL("<>"),
    LESS("<"),
    LESS_OR_EQUAL("<="),
    GREATER(">"),
    GREATER_OR_EQUAL(">=");

    private final String symbol;

    Comparison(String symbol) {
        this.symbol = symbol;
    }

    /// Returns Postgres' operator, such as `<=`.
    public String symbol() {
        return symbol;
    }

    /// Returns the comparison with this symbol; null when there is none.
    public static @Nullable Comparison of(String symbol) {
        for (Comparison comparison : values()) {
            if (comparison.symbol.equals(symbol)) {
                return comparison;
            }
        }
        return null;
    }

    /// Returns the comparison that is true when the operands are exchanged.
    public Comparison mirrored() {
        return switch (this) {
            case EQUAL, NOT_EQUAL -> this;
            case LESS -> GREATER;
            case LESS_OR_EQUAL -> GREATER_OR_EQUAL;
            case GREATER -> LESS;
            case GREATER_OR_EQUAL -> LESS_OR_EQUAL;
        };
    }

    /// Whether the type needs an order, and not only equality.
    public boolean needsOrder() {
        return this != EQUAL && this != NOT_EQUAL;
    }

    /// Whether the comparison is true for two keys of one type.
    public boolean holds(ComparableType kind, Object value, Object other) {
        return switch (this) {
            case EQUAL -> value.equals(other);
            case NOT_EQUAL -> !value.equals(other);
            case LESS -> kind.compare(value, other) < 0;
            case LESS_OR_EQUAL -> kind.compare(value, other) <= 0;
            case GREATER -> kind.compare(value, other) > 0;
            case GREATER_OR_EQUAL -> kind.compare(value, other) >= 0;
        };
    }
}
