package dev.walcast.cdc.debezium;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/// Prints floating-point numbers as Postgres does: the shortest digits that read back as the same number, with an
/// exponent below 1e-4 and from 1e15 (`float8`) or 1e6 (`float4`).
final class FloatText {
    private static final int FLOAT8_PLAIN_DIGITS = 15;
    private static final int FLOAT4_PLAIN_DIGITS = 6;

    private FloatText() {}

    static String of(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        double size = Math.abs(value);
        Digits digits = new Digits(Double.toString(size), size, Math.nextDown(size), Math.nextUp(size));
        return (value < 0 ? "-" : "") + format(digits.shortest(), FLOAT8_PLAIN_DIGITS);
    }

    static String of(float value) {
        if (Float.isNaN(value) || Float.isInfinite(value) || value == 0) {
            return of((double) value);
        }
        float size = Math.abs(value);
        Digits digits = new Digits(Float.toString(size), size, Math.nextDown(size), Math.nextUp(size));
        return (value < 0 ? "-" : "") + format(digits.shortest(), FLOAT4_PLAIN_DIGITS);
    }

    /// A positive number, what Java prints of it, and its neighbours.
    private record Digits(String java, double value, double below, double above) {
        private static final int PRECISION_MAX = 17;

        /// Below a power of two the neighbour is nearer than above it, so the nearest digits may read back as
        /// the neighbour where those on the other side do not.
        private static final List<RoundingMode> NEAREST_FIRST =
                List.of(RoundingMode.HALF_EVEN, RoundingMode.FLOOR, RoundingMode.CEILING);

        /// Java never prints fewer than two digits where one would do, and it accepts digits that lie exactly
        /// half way to a neighbour, which Postgres does not.
        BigDecimal shortest() {
            BigDecimal printed = new BigDecimal(java).stripTrailingZeros();
            BigDecimal exact = new BigDecimal(value);
            for (int precision = Math.max(1, printed.precision() - 1); precision < PRECISION_MAX; precision++) {
                for (RoundingMode rounding : NEAREST_FIRST) {
                    BigDecimal candidate = exact.round(new MathContext(precision, rounding));
                    if (readsBack(candidate, exact)) {
                        return candidate.stripTrailingZeros();
                    }
                }
            }
            return exact.round(new MathContext(PRECISION_MAX, RoundingMode.HALF_EVEN))
                    .stripTrailingZeros();
        }

        private boolean readsBack(BigDecimal candidate, BigDecimal exact) {
            BigDecimal twice = candidate.add(candidate);
            return twice.compareTo(exact.add(next(exact))) < 0 && twice.compareTo(exact.add(new BigDecimal(below))) > 0;
        }

        /// Above the largest number there would be another one, as far away as the one below.
        private BigDecimal next(BigDecimal exact) {
            return Double.isInfinite(above) ? exact.add(exact).subtract(new BigDecimal(below)) : new BigDecimal(above);
        }
    }

    private static String format(BigDecimal value, int plainDigits) {
        int exponent = value.precision() - value.scale() - 1;
        if (exponent >= -4 && exponent < plainDigits) {
            return value.toPlainString();
        }
        String digits = value.unscaledValue().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        String power = Integer.toString(Math.abs(exponent));
        return mantissa + "e" + (exponent < 0 ? "-" : "+") + (power.length() < 2 ? "0" : "") + power;
    }
}
