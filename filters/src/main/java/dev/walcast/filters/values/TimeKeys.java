package dev.walcast.filters.values;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes keys of dates, times and intervals from Postgres' output texts: DateStyle ISO, IntervalStyle postgres,
/// TimeZone UTC.
final class TimeKeys {
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final long MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;
    private static final int DAYS_PER_MONTH = 30;
    private static final int MONTHS_PER_YEAR = 12;

    private static final Pattern INTERVAL = Pattern.compile("(?:([+-]?\\d+) years? ?)?(?:([+-]?\\d+) mons? ?)?"
            + "(?:([+-]?\\d+) days? ?)?(?:([+-]?)(\\d+):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,6}))?)?");

    private TimeKeys() {}

    /// Returns the days since 1970-01-01; null for a text that this class does not read.
    static @Nullable Object date(String text) {
        return switch (text) {
            case "infinity" -> Long.MAX_VALUE;
            case "-infinity" -> Long.MIN_VALUE;
            default -> epochDay(text);
        };
    }

    /// Returns the microseconds since 1970-01-01, without a time zone; null for a text that this class does not
    /// read.
    static @Nullable Object timestamp(String text) {
        return switch (text) {
            case "infinity" -> Long.MAX_VALUE;
            case "-infinity" -> Long.MIN_VALUE;
            default -> micros(text);
        };
    }

    static @Nullable Object timestampUtc(String text) {
        boolean before = text.endsWith(" BC");
        String without = before ? text.substring(0, text.length() - 3) : text;
        if (!without.endsWith("+00")) {
            return without.endsWith("infinity") ? timestamp(text) : null;
        }
        return timestamp(without.substring(0, without.length() - 3) + (before ? " BC" : ""));
    }

    private static @Nullable Object micros(String text) {
        boolean before = text.endsWith(" BC");
        int space = text.indexOf(' ');
        int end = before ? text.length() - 3 : text.length();
        if (space < 0 || end < space + 9) {
            return null;
        }
        Long day = epochDay(text.substring(0, space) + (before ? " BC" : ""));
        return day == null ? null : Math.addExact(Math.multiplyExact(day, MICROS_PER_DAY), ofDay(text, space + 1, end));
    }

    private static long ofDay(String text, int start, int end) {
        long seconds = Integer.parseInt(text, start, start + 2, 10) * 3600L
                + Integer.parseInt(text, start + 3, start + 5, 10) * 60L
                + Integer.parseInt(text, start + 6, start + 8, 10);
        long fraction = end > start + 9 ? fraction(text.substring(start + 9, end)) : 0;
        return seconds * MICROS_PER_SECOND + fraction;
    }

    /// Returns the microseconds of a fraction. Postgres does not print trailing zeros.
    private static long fraction(String digits) {
        return Long.parseLong((digits + "000000").substring(0, 6));
    }

    private static @Nullable Long epochDay(String text) {
        boolean before = text.endsWith(" BC");
        int end = before ? text.length() - 3 : text.length();
        int day = text.lastIndexOf('-', end - 1);
        int month = text.lastIndexOf('-', day - 1);
        if (month <= 0) {
            return null;
        }
        try {
            int year = Integer.parseInt(text, 0, month, 10);
            return LocalDate.of(
                            before ? 1 - year : year,
                            Integer.parseInt(text, month + 1, day, 10),
                            Integer.parseInt(text, day + 1, end, 10))
                    .toEpochDay();
        } catch (DateTimeException | NumberFormatException e) {
            return null;
        }
    }

    /// Returns an interval's length in microseconds; a month has thirty days. Null for infinite intervals,
    /// which Postgres compares.
    static @Nullable Object interval(String text) {
        Matcher matcher = INTERVAL.matcher(text);
        if (text.isEmpty() || !matcher.matches()) {
            return null;
        }
        long months = number(matcher.group(1)) * MONTHS_PER_YEAR + number(matcher.group(2));
        long days = months * DAYS_PER_MONTH + number(matcher.group(3));
        long micros = 0;
        if (matcher.group(5) != null) {
            micros = (number(matcher.group(5)) * 3600 + number(matcher.group(6)) * 60 + number(matcher.group(7)))
                            * MICROS_PER_SECOND
                    + (matcher.group(8) == null ? 0 : fraction(matcher.group(8)));
            micros = matcher.group(4).equals("-") ? -micros : micros;
        }
        return BigInteger.valueOf(days)
                .multiply(BigInteger.valueOf(MICROS_PER_DAY))
                .add(BigInteger.valueOf(micros));
    }

    static int compareIntervals(Object one, Object other) {
        return ((BigInteger) one).compareTo((BigInteger) other);
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }
}
