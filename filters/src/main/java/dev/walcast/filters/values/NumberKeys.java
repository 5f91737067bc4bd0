package dev.walcast.filters.values;

import java.math.BigDecimal;

/// Makes keys of numbers from Postgres' output texts.
final class NumberKeys {
    private NumberKeys() {}

    /// The values of `numeric` that are no decimals.
    private enum Special {
        NEGATIVE_INFINITY(-1),
        POSITIVE_INFINITY(1),
        NAN(2);

        /// Decimals have rank 0.
        private final int rank;

        Special(int rank) {
            this.rank = rank;
        }
    }

    /// Returns the key of a `numeric`. `1.50` and `1.5` are equal. `NaN` equals itself and is the greatest
    /// value.
    static Object decimal(String text) {
        return switch (text) {
            case "NaN" -> Special.NAN;
            case "Infinity" -> Special.POSITIVE_INFINITY;
            case "-Infinity" -> Special.NEGATIVE_INFINITY;
            default -> {
                BigDecimal value = new BigDecimal(text);
                yield value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
            }
        };
    }

    static int compareDecimals(Object one, Object other) {
        if (one instanceof BigDecimal first && other instanceof BigDecimal second) {
            return first.compareTo(second);
        }
        return Integer.compare(rank(one), rank(other));
    }

    private static int rank(Object key) {
        return key instanceof Special special ? special.rank : 0;
    }

    /// Returns the key of a `float8`. `-0` equals `0`; otherwise [Double#compareTo] has Postgres' order, NaN
    /// last.
    static Object doublePrecision(String text) {
        return Double.parseDouble(text) + 0.0;
    }

    static Object real(String text) {
        return Float.parseFloat(text) + 0.0f;
    }
}
