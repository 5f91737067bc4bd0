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
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Writes extreme values of every type into tables beside a healthy table. No healthy row is lost, and each
/// value is rendered like `to_jsonb` or reported as missing. `-Dwalcast.fuzz.cases=20000` makes a long run. The
/// seed is printed; `-Dwalcast.fuzz.seed` repeats a run.
class PoisonFuzzPgTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 250);
    private static final String SESSION =
            "set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = postgres;"
                    + " set extra_float_digits = 1; set bytea_output = hex";

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final PoisonValues values = new PoisonValues(random);

    /// The types by table.
    private final Map<String, String> tables = new LinkedHashMap<>();

    private int healthy;
    private int poisoned;

    @ParameterizedTest
    @EnumSource(Reader.class)
    void invalidValuesHarmNoOtherRow(Reader reader) throws Exception {
        System.out.println("poison: " + reader + ", seed " + seed + ", " + CASES + " values");
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start()) {
            PoisonValues.TYPES.forEach(postgres::execute);
            postgres.execute("create table healthy (id int primary key)", "create publication p for all tables");
            try (SlotSource source = reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", "poison"))) {
                source.start(listener);
                try (Connection connection = postgres.connect();
                        Statement statement = connection.createStatement()) {
                    statement.execute(SESSION);
                    for (int i = 0; i < CASES; i++) {
                        step(statement);
                    }
                    await().atMost(Duration.ofMinutes(2))
                            .until(() -> of("healthy", listener).size() == healthy);
                    assertThat(differences(statement, listener))
                            .as("seed " + seed)
                            .isEmpty();
                }
            }
        }
        assertThat(poisoned).isGreaterThan(CASES / 2);
        assertThat(listener.states).noneMatch(state -> state.toString().startsWith("Reconnecting"));
    }

    /// Writes an extreme row and a healthy row, in one transaction or in two.
    private void step(Statement statement) throws SQLException {
        String table = table(statement);
        String type = tables.get(table);
        String poison = "insert into " + table + " (v) values (" + values.value(type) + ")";
        boolean together = random.nextBoolean();
        try {
            statement.execute(together ? "begin; " + poison + "; " + healthy() + "; commit" : poison);
            poisoned++;
            healthy += together ? 1 : 0;
        } catch (SQLException e) {
            statement.execute("rollback");
        }
        statement.execute(healthy());
        healthy++;
    }

    private static String healthy() {
        return "insert into healthy select coalesce(max(id), 0) + 1 from healthy";
    }

    private String table(Statement statement) throws SQLException {
        List<String> known = List.copyOf(tables.keySet());
        if (!known.isEmpty() && random.nextInt(4) == 0) {
            return known.get(random.nextInt(known.size()));
        }
        String table = "p" + tables.size();
        String type = values.type();
        statement.execute("create table " + table + " (id serial primary key, v " + type + ")");
        tables.put(table, type);
        return table;
    }

    private static List<Row> of(String table, RecordingListener listener) {
        return List.copyOf(listener.changes).stream()
                .filter(change -> change.table().id().name().equals(table))
                .map(change -> ((Change.Insert) change).newRow())
                .toList();
    }

    private List<String> differences(Statement statement, RecordingListener listener) throws SQLException {
        List<String> differences = new ArrayList<>();
        for (String table : tables.keySet()) {
            List<Row> rows = of(table, listener);
            List<Integer> ids = ids(statement, table);
            if (!rows.stream()
                    .map(row -> row.text(0))
                    .toList()
                    .equals(ids.stream().map(String::valueOf).toList())) {
                differences.add(table + " of " + tables.get(table) + ": rows " + ids + ", got " + rows.size());
                continue;
            }
            for (int i = 0; i < rows.size(); i++) {
                compare(statement, table, ids.get(i), rows.get(i), differences);
            }
        }
        return differences;
    }

    private static List<Integer> ids(Statement statement, String table) throws SQLException {
        List<Integer> ids = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery("select id from " + table + " order by id")) {
            while (rows.next()) {
                ids.add(rows.getInt(1));
            }
        }
        return ids;
    }

    private void compare(Statement statement, String table, int id, Row row, List<String> differences)
            throws SQLException {
        String type = tables.get(table);
        String expected;
        try (ResultSet one = statement.executeQuery("select to_jsonb(v)::text from " + table + " where id = " + id)) {
            one.next();
            expected = String.valueOf(one.getString(1));
        } catch (SQLException e) {
            expected = "not_exact";
        }
        if (type.equals("bytea")) {
            expected = expected.replace("\"\\\\x", "\"");
        }
        StringBuilder out = new StringBuilder();
        MissingReason missing = JsonText.value(out, row, 1);
        String actual = missing == null ? out.toString() : missing.code();
        boolean mayMiss = expected.contains("\uFFFD") || type.startsWith("\"char\"");
        if (!actual.equals(expected) && !(mayMiss && missing == MissingReason.NOT_EXACT)) {
            differences.add(type + ": expected " + cut(expected) + ", got " + cut(actual));
        }
    }

    private static String cut(String text) {
        return text.length() < 200 ? text : text.substring(0, 200) + "... " + text.length();
    }
}
