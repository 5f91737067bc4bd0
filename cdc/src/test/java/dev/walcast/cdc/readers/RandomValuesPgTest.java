package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.cdc.text.JsonText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Sends random rows through a real Postgres and each reader, and compares them with what Postgres prints.
@EachReader
class RandomValuesPgTest {
    @Parameter
    private Reader reader;

    private static final int ROWS = 400;
    private static final String[] COLUMNS = {
        "f8 float8",
        "f4 float4",
        "n numeric",
        "i interval",
        "ts timestamp",
        "tz timestamptz",
        "d date",
        "j json",
        "jb jsonb",
        "t text",
        "b bytea",
        "p point",
        "pa path",
        "po polygon",
        "c circle",
        "l lseg",
        "bx box",
        "a float8[]",
        "ta text[]",
        "tza timetz[]",
        "h int4range[]",
        "bi bit varying",
        "tm time"
    };

    @Test
    void randomValuesAreRenderedLikePostgres() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute(
                    "create table r (id serial primary key, " + String.join(", ", COLUMNS) + ")",
                    "create publication p for table r");
            try (SlotSource source = source(postgres)) {
                source.start(listener);
                StringBuilder script = new StringBuilder();
                for (int i = 0; i < ROWS; i++) {
                    script.append(insert(random)).append(";\n");
                }
                postgres.execute(script.toString());
                await().atMost(Duration.ofSeconds(60)).until(() -> listener.changes.size() == ROWS);
            }
            assertThat(differences(postgres, listener.changes))
                    .as("seed " + seed)
                    .isEmpty();
        }
    }

    @Test
    void infiniteAndEmptyIntervalsDiffer() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute(
                    "create table r (id int primary key, i interval, a interval[])",
                    "create publication p for table r");
            try (SlotSource source = source(postgres)) {
                source.start(listener);
                postgres.execute(
                        "insert into r values (1, 'infinity', '{infinity}'), (2, '-infinity', '{-infinity}'), (3, '0', '{0}')");
                await().atMost(Duration.ofSeconds(60)).until(() -> listener.changes.size() == 3);
            }
        }
        assertThat(listener.changes)
                .extracting(change -> ((Change.Insert) change).newRow().text(1))
                .containsExactly("infinity", "-infinity", "00:00:00");
        assertThat(row(listener, 0).text(2)).isEqualTo("{infinity}");
        assertThat(row(listener, 1).text(2)).isEqualTo("{-infinity}");
    }

    private static Row row(RecordingListener listener, int index) {
        return ((Change.Insert) listener.changes.get(index)).newRow();
    }

    private SlotSource source(TestPostgres postgres) {
        return reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", "random"));
    }

    private static List<String> differences(TestPostgres postgres, List<Change> changes) throws Exception {
        List<String> differences = new ArrayList<>();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set timezone = 'UTC'");
            for (int column = 0; column < COLUMNS.length; column++) {
                String name = COLUMNS[column].split(" ", 2)[0];
                try (ResultSet rows = statement.executeQuery(
                        "select format('%s', " + name + "), to_jsonb(" + name + ")::text from r order by id")) {
                    for (int i = 0; rows.next(); i++) {
                        Row row = ((Change.Insert) changes.get(i)).newRow();
                        compare(differences, row, column + 1, rows.getString(1), rows.getString(2));
                    }
                }
            }
        }
        return differences;
    }

    private static void compare(List<String> differences, Row row, int column, String text, String json) {
        String expected = COLUMNS[column - 1].endsWith("bytea") ? json.replace("\"\\\\x", "\"") : json;
        StringBuilder out = new StringBuilder();
        MissingReason missing = JsonText.value(out, row, column);
        if (missing != null || !text.equals(row.text(column)) || !out.toString().equals(expected)) {
            differences.add(COLUMNS[column - 1] + ": text " + text + " / " + row.text(column) + ", json " + expected
                    + " / " + (missing == null ? out : missing));
        }
    }

    private static String insert(Random random) {
        String[] values = {
            "'" + doubleOf(random) + "'",
            "'" + Float.intBitsToFloat(finite(random)) + "'",
            numeric(random),
            "'" + interval(random) + "'",
            "timestamp '2000-01-01' + " + micros(random),
            "timestamptz '2000-01-01Z' + " + micros(random),
            "date '2000-01-01' + " + (random.nextInt(4_000_000) - 800_000),
            "'" + json(random, 3) + "'",
            "'" + json(random, 3) + "'",
            quoted(text(random)),
            "'\\x" + Long.toHexString(random.nextLong() | 1L << 60) + "'",
            point(random),
            "'" + (random.nextBoolean() ? "[" : "(") + xy(random) + "," + xy(random) + "'",
            "'(" + xy(random) + "," + xy(random) + ")'",
            "'<" + xy(random) + "," + Math.abs(doubleOf(random)) + ">'",
            "'[" + xy(random) + "," + xy(random) + "]'",
            "'" + xy(random) + "," + xy(random) + "'",
            "array['" + doubleOf(random) + "'::float8, null]",
            "array[" + quoted(text(random)) + ", null, " + quoted(text(random)) + "]",
            "array['" + random.nextInt(24) + ":30:01+0" + random.nextInt(10) + "'::timetz]",
            "array[int4range(" + random.nextInt(5) + ", " + (5 + random.nextInt(5)) + "), 'empty']",
            "B'" + Integer.toBinaryString(random.nextInt(1000)) + "'",
            "time '00:00' + interval '" + random.nextInt(86_400) + " seconds " + random.nextInt(1_000_000)
                    + " microseconds'"
        };
        for (int i = 12; i < 13; i++) {
            values[i] =
                    values[i].startsWith("'[") ? values[i].replaceAll("'$", "]'") : values[i].replaceAll("'$", ")'");
        }
        return "insert into r values (default, " + String.join(", ", values) + ")";
    }

    private static double doubleOf(Random random) {
        double value = switch (random.nextInt(4)) {
            case 0 -> Double.longBitsToDouble(random.nextLong());
            case 1 -> random.nextInt(2000) / 100.0;
            case 2 -> Math.scalb(random.nextInt(100), random.nextInt(120) - 60);
            default -> Math.pow(10, random.nextInt(40) - 20);
        };
        return Double.isFinite(value) ? value : 0;
    }

    private static int finite(Random random) {
        int bits = random.nextInt();
        return Float.isFinite(Float.intBitsToFloat(bits)) ? bits : 0;
    }

    private static String numeric(Random random) {
        return (random.nextBoolean() ? "-" : "") + Math.abs(random.nextLong()) + "." + "0".repeat(random.nextInt(3))
                + random.nextInt(1000);
    }

    private static String interval(Random random) {
        return String.format(
                Locale.ROOT,
                "%d mons %d days %d hours %d microseconds",
                random.nextInt(60) - 30,
                random.nextInt(60) - 30,
                random.nextInt(200) - 100,
                random.nextInt(2_000_000_000) - 1_000_000_000);
    }

    private static String micros(Random random) {
        return "interval '" + (random.nextInt(3_000_000) - 1_400_000) + " days " + random.nextInt(1_000_000_000)
                + " microseconds'";
    }

    private static String point(Random random) {
        return "'" + xy(random) + "'";
    }

    private static String xy(Random random) {
        return "(" + doubleOf(random) + "," + doubleOf(random) + ")";
    }

    private static String text(Random random) {
        String alphabet = "ab\"\\{},( )'\n\té😀\u2028NULL";
        StringBuilder out = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            int at = random.nextInt(alphabet.codePointCount(0, alphabet.length()));
            out.appendCodePoint(alphabet.codePointAt(alphabet.offsetByCodePoints(0, at)));
        }
        return out.toString();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private static String json(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> "null";
            case 1 -> "" + random.nextInt(1000) / 8.0 + "e" + (random.nextInt(40) - 20);
            case 2 -> "\"a\\u00e9\\n\\\"b\\/\\\\\"";
            case 3 -> "true";
            case 4 -> "-0.0";
            case 5 -> "[" + json(random, depth - 1) + " ,  " + json(random, depth - 1) + "]";
            default -> "{\"b\":" + json(random, depth - 1) + ",\"aa\": " + json(random, depth - 1) + ", \"b\" : 1}";
        };
    }
}
