package dev.walcast.cdc.debezium;

import dev.walcast.cdc.Missing;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/// Prints dates and times as Postgres does under DateStyle ISO and TimeZone UTC.
final class DateText {
    /// Before it there is no date in Postgres: what lies there is Debezium's stand-in for an infinity.
    private static final int FIRST_YEAR = -4_713;

    /// After it there is no date in Postgres either.
    private static final int LAST_YEAR = 5_874_897;

    private static final int LAST_TIMESTAMP_YEAR = 294_276;

    /// What the JDBC driver gives for an infinite timestamp. (A finite one at this very microsecond cannot be
    /// told from it.)
    private static final LocalDateTime POSITIVE_INFINITY = LocalDateTime.of(294_247, 1, 10, 4, 0, 25, 200_000_000);

    private DateText() {}

    static String of(LocalDate date) {
        if (date.getYear() < FIRST_YEAR || date.getYear() > LAST_YEAR) {
            return Mark.of(Missing.DATE_INFINITY);
        }
        return day(date) + era(date);
    }

    static String of(LocalDateTime timestamp) {
        if (timestamp.getYear() < FIRST_YEAR) {
            return "-infinity";
        }
        if (timestamp.getYear() > LAST_TIMESTAMP_YEAR || timestamp.equals(POSITIVE_INFINITY)) {
            return "infinity";
        }
        return day(timestamp.toLocalDate()) + " " + time(timestamp.toLocalTime()) + era(timestamp.toLocalDate());
    }

    static String of(OffsetDateTime timestamp) {
        LocalDateTime utc = timestamp.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime();
        String text = of(utc);
        if (text.endsWith("infinity")) {
            return text;
        }
        return text.endsWith(" BC") ? text.substring(0, text.length() - 3) + "+00 BC" : text + "+00";
    }

    private static String day(LocalDate date) {
        int year = date.getYear() > 0 ? date.getYear() : 1 - date.getYear();
        StringBuilder out = new StringBuilder(Integer.toString(year));
        while (out.length() < 4) {
            out.insert(0, '0');
        }
        return out.append('-') + twoDigits(date.getMonthValue()) + "-" + twoDigits(date.getDayOfMonth());
    }

    private static String era(LocalDate date) {
        return date.getYear() > 0 ? "" : " BC";
    }

    private static String time(LocalTime time) {
        return twoDigits(time.getHour()) + ":" + twoDigits(time.getMinute()) + ":" + twoDigits(time.getSecond())
                + fraction(time.getNano() / 1_000);
    }

    /// A fraction of a second with its point, without trailing zeros; empty for none.
    static String fraction(int micros) {
        if (micros == 0) {
            return "";
        }
        StringBuilder out = new StringBuilder(Integer.toString(1_000_000 + micros));
        out.setCharAt(0, '.');
        while (out.charAt(out.length() - 1) == '0') {
            out.setLength(out.length() - 1);
        }
        return out.toString();
    }

    static String twoDigits(int number) {
        return number < 10 ? "0" + number : Integer.toString(number);
    }
}
