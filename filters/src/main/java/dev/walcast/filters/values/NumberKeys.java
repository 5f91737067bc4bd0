package dev.walcast.filters.values;

import java.math.BigDecimal;

/// Keys of numbers, from Postgres' output texts.
final class NumberKeys {
    private NumberKeys() {}

    /// What `numeric` has beyond the decimals.
    private enum Special {
        NEGATIVE_INFINITY(-1),
        POSITIVE_INFINITY(1),
        NAN(2);

        /// The decimals have 0.
        private final int rank;

        Special(int rank) {
            this.rank = rank;
        }
    }

    /// `1.50` and `1.5` are equal; `NaN` equals itself and is greater than everything.
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

    /// `-0` equals `0`; [Double#compareTo] otherwise orders as Postgres does, NaN last.
    static Object doublePrecision(String text) {
        return Double.parseDouble(text) + 0.0;
    }

    static Object real(String text) {
        return Float.parseFloat(text) + 0.0f;
    }
}
