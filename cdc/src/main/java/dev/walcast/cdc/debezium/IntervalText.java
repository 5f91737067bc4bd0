package dev.walcast.cdc.debezium;

import dev.walcast.cdc.Missing;
import org.postgresql.util.PGInterval;

/// Prints intervals as Postgres does under IntervalStyle postgres: `1 year -2 mons +3 days -04:05:06.789`.
final class IntervalText {
    private IntervalText() {}

    static String of(PGInterval interval) {
        if (isZero(interval)) {
            return Mark.of(Missing.INTERVAL_ZERO_OR_INFINITE);
        }
        Parts parts = new Parts();
        parts.add(interval.getYears(), "year");
        parts.add(interval.getMonths(), "mon");
        parts.add(interval.getDays(), "day");
        parts.addTime(interval);
        return parts.out.toString();
    }

    private static boolean isZero(PGInterval interval) {
        return interval.getYears() == 0
                && interval.getMonths() == 0
                && interval.getDays() == 0
                && interval.getHours() == 0
                && interval.getMinutes() == 0
                && interval.getWholeSeconds() == 0
                && interval.getMicroSeconds() == 0;
    }

    /// The text so far, and whether the part before was negative: then a positive one shows its sign.
    private static final class Parts {
        private final StringBuilder out = new StringBuilder();
        private boolean afterNegative;

        void add(int value, String unit) {
            if (value == 0) {
                return;
            }
            separate();
            out.append(afterNegative && value > 0 ? "+" : "")
                    .append(value)
                    .append(' ')
                    .append(unit);
            out.append(value == 1 ? "" : "s");
            afterNegative = value < 0;
        }

        void addTime(PGInterval interval) {
            int seconds = interval.getWholeSeconds();
            int micros = interval.getMicroSeconds();
            boolean negative = interval.getHours() < 0 || interval.getMinutes() < 0 || seconds < 0 || micros < 0;
            boolean zero = interval.getHours() == 0 && interval.getMinutes() == 0 && seconds == 0 && micros == 0;
            if (zero && !out.isEmpty()) {
                return;
            }
            separate();
            out.append(negative ? "-" : afterNegative ? "+" : "");
            out.append(DateText.twoDigits(Math.abs(interval.getHours()))).append(':');
            out.append(DateText.twoDigits(Math.abs(interval.getMinutes()))).append(':');
            out.append(DateText.twoDigits(Math.abs(seconds))).append(DateText.fraction(Math.abs(micros)));
        }

        private void separate() {
            if (!out.isEmpty()) {
                out.append(' ');
            }
        }
    }
}
