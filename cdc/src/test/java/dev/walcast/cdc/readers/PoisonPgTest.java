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
import dev.walcast.cdc.testing.SharedPostgresTest;
import dev.walcast.cdc.text.JsonText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Values, names and types that once stopped a reader. The rows beside them must be delivered.
@EachReader
class PoisonPgTest extends SharedPostgresTest {
    @Parameter
    private Reader reader;

    private RecordingListener listener;
    private SlotSource source;
    private String database;

    @BeforeEach
    void startReader() {
        listener = new RecordingListener();
        database = "d" + UUID.randomUUID().toString().replace("-", "");
        createDatabase("encoding 'UTF8'");
    }

    private void createDatabase(String options) {
        postgres.execute(
                "drop database if exists " + database,
                "create database " + database + " template template0 locale 'C' " + options);
    }

    @AfterEach
    void stopReader() {
        source.close();
        // A walsender notices the end of its connection late on a busy machine.
        await().ignoreExceptions().until(() -> {
            postgres.execute("drop database if exists " + database + " with (force)");
            return true;
        });
    }

    /// Runs the first statements before the reader starts, and waits for the healthy row behind the others.
    private List<Row> rows(List<String> before, String... statements) throws Exception {
        List<String> prepared = new ArrayList<>(before);
        prepared.add("create table healthy (id int)");
        prepared.add("create publication p for all tables");
        postgres.executeIn(database, prepared.toArray(String[]::new));
        source = reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url(database)), "p", database));
        source.start(listener);
        List<String> all = new ArrayList<>(List.of(statements));
        all.add("insert into healthy values (1)");
        postgres.executeIn(database, all.toArray(String[]::new));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> inserted("healthy").stream().anyMatch(row -> "1".equals(row.text(0))));
        return inserted("t");
    }

    private List<Row> inserted(String table) {
        return List.copyOf(listener.changes).stream()
                .filter(change -> change.table().id().name().equals(table))
                .filter(Change.Insert.class::isInstance)
                .map(change -> ((Change.Insert) change).newRow())
                .toList();
    }

    private String toJsonb(String query) throws SQLException {
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    private static String json(Row row, int column) {
        StringBuilder out = new StringBuilder();
        MissingReason missing = JsonText.value(out, row, column);
        return missing == null ? out.toString() : missing.code();
    }

    @Test
    void deeplyNestedJsonIsDelivered() throws Exception {
        List<Row> rows = rows(
                List.of("create table t (id int primary key, j json, b jsonb)"),
                "insert into t select 1, (repeat('[', 1500) || repeat(']', 1500))::json, null",
                "insert into t select 2, (repeat('{\"b\":1,\"a\":', 2900) || '1' || repeat('}', 2900))::json, null",
                "insert into t select 3, null, (repeat('[', 2900) || repeat(']', 2900))::jsonb");
        assertThat(json(rows.get(0), 1)).isEqualTo("[".repeat(1500) + "]".repeat(1500));
        assertThat(json(rows.get(1), 1)).isEqualTo(toJsonb("select j::jsonb from t where id = 2"));
        assertThat(json(rows.get(2), 2)).isEqualTo("[".repeat(2900) + "]".repeat(2900));
    }

    @Test
    void jsonThatJsonbRefusesIsMissing() throws Exception {
        List<Row> rows = rows(List.of("create table t (id int primary key, j json)"), """
                insert into t values (1, '"\\ud83d"'), (2, '"\\ude00"'), (3, '"\\ud83d\\ud83d"'), (4, '"\\u0000"')""", """
                insert into t values (5, '{"\\ud83d": 1}'), (6, '"\\ud83d\\ude00"'), (7, '1e200000')""");
        assertThat(rows.stream().map(row -> json(row, 1)))
                .containsExactly(
                        "not_exact",
                        "not_exact",
                        "not_exact",
                        "not_exact",
                        "not_exact",
                        "\"\ud83d\ude00\"",
                        "not_exact");
    }

    @Test
    void jsonThatGrowsBeyondTheLimitIsMissing() throws Exception {
        List<Row> rows = rows(
                List.of("create table t (id int primary key, j json)"),
                "insert into t select 1, ('[' || repeat('1e131071,', 50000) || '1]')::json",
                "insert into t values (2, '[1e131071]')");
        assertThat(json(rows.get(0), 1)).isEqualTo("not_exact");
        assertThat(json(rows.get(1), 1)).hasSize(131_074);
    }

    @Test
    void columnsThatDifferOnlyInCaseAreDelivered() throws Exception {
        List<Row> rows = rows(
                List.of("create table t (\"ID\" int primary key, id int, \"\"\"q\"\"\" text)"),
                "insert into t values (1, 2, 'x')",
                "create table \"qu\"\"ote\" (id int primary key); insert into \"qu\"\"ote\" values (1)");
        assertThat(rows).hasSize(1);
        assertThat(rows.getFirst().table().columns().stream().map(column -> column.name() + " " + column.identity()))
                .containsExactly("ID true", "id false", "\"q\" false");
        assertThat(rows.getFirst().text(0)).isEqualTo("1");
        assertThat(rows.getFirst().text(1)).isEqualTo("2");
        assertThat(rows.getFirst().text(2)).isEqualTo("x");
        assertThat(inserted("qu\"ote")).hasSize(1);
    }

    @Test
    void keysOfColumnsThatDifferInCaseMayChange() throws Exception {
        rows(
                List.of("create table u (\"ID\" int primary key, id int)", "insert into u values (1, 2)"),
                "update u set \"ID\" = 5",
                "delete from u");
        List<Change> changes = listener.changes.stream()
                .filter(change -> change.table().id().name().equals("u"))
                .toList();
        Change.Update update = (Change.Update) changes.getFirst();
        assertThat(update.oldRow().text(0)).isEqualTo("1");
        assertThat(update.oldRow().missing(1)).isEqualTo(MissingReason.NOT_IN_IDENTITY);
        assertThat(update.newRow().text(0)).isEqualTo("5");
        assertThat(((Change.Delete) changes.get(1)).oldRow().text(0)).isEqualTo("5");
    }

    @Test
    void valuesThatDebeziumCannotParseAreDelivered() throws Exception {
        List<Row> rows = rows(
                List.of("create table t (id int primary key, z timetz, m money, d date, i interval, a timetz[])"),
                "insert into t values (1, '12:00:00+05:30:15', '$1,234.50', '-infinity', '0', '{12:00:00+05:30:15}')");
        assertThat(rows.getFirst().text(1)).isEqualTo("12:00:00+05:30:15");
        assertThat(rows.getFirst().text(2)).isEqualTo("$1,234.50");
        assertThat(rows.getFirst().text(3)).isEqualTo("-infinity");
        assertThat(rows.getFirst().text(4)).isEqualTo("00:00:00");
    }

    @Test
    void vectorsAndDomainsAreRenderedLikePostgres() throws Exception {
        List<Row> rows = rows(
                List.of(
                        "create domain positive as int check (value > 0)",
                        "create table t (id positive primary key, o oidvector, v int2vector, e oidvector)"),
                "insert into t values (1, '1 4294967295', '-1 2', '')");
        Row row = rows.getFirst();
        assertThat(row.table().columns().getFirst().type().name()).isEqualTo("positive");
        for (int column = 1; column < 4; column++) {
            String name = row.table().columns().get(column).name();
            assertThat(json(row, column)).as(name).isEqualTo(toJsonb("select to_jsonb(" + name + ") from t"));
        }
    }

    @Test
    void typesOfAnyDepthAndWidthAreAccepted() throws Exception {
        List<String> before = new ArrayList<>(List.of("create type c0 as (a int, b int)"));
        for (int i = 1; i < 15; i++) {
            before.add("create type c" + i + " as (a c" + (i - 1) + ", b c" + (i - 1) + ")");
        }
        before.add("create table t (id int primary key, c c14, d c3)");
        List<Row> rows = rows(
                before,
                "insert into t values (1, row(null, null), null)",
                "alter table t add x int; insert into t values (2, row(null, null), null)");
        assertThat(rows).hasSize(2);
        assertThat(json(rows.getFirst(), 1)).isEqualTo("""
                {"a": null, "b": null}""");
        assertThat(json(rows.getFirst(), 2)).isEqualTo("null");
    }

    @Test
    void tablesNamedLikePatternsAreDelivered() throws Exception {
        List<Row> rows = rows(
                List.of(
                        "create table a_b (id int primary key, x text default 'q')",
                        "create table axb (id int primary key, x text default 'r')",
                        "create table t (id int primary key, é text)"),
                "insert into a_b values (1); insert into axb values (1); insert into t values (1, 'x')");
        assertThat(inserted("a_b")).hasSize(1);
        assertThat(inserted("axb")).hasSize(1);
        assertThat(rows.getFirst().table().columns().get(1).name()).isEqualTo("é");
    }

    @Test
    void bytesThatAreNoTextAreMissing() throws Exception {
        createDatabase("encoding 'SQL_ASCII'");
        List<Row> rows = rows(
                List.of("create table t (id int primary key, x text, y text)"),
                "insert into t values (1, E'caf\\351', 'plain'), (2, E'caf\\303\\251', 'plain')",
                "update t set y = 'changed' where id = 1");
        assertThat(json(rows.get(0), 1)).isEqualTo("not_exact");
        assertThat(json(rows.get(0), 2)).isEqualTo("\"plain\"");
        assertThat(json(rows.get(1), 1)).isEqualTo("\"caf\u00e9\"");
    }

    @Test
    void bytesThatPostgresCannotConvertAreMissing() throws Exception {
        createDatabase("encoding 'WIN1252'");
        List<Row> rows = rows(
                List.of("create table t (id int primary key, x text)"),
                "insert into t select 1, encode(convert_to('caf', 'WIN1252') || '\\x81'::bytea, 'escape')",
                "insert into t values (2, E'\\u20ac \\u00e9'), (3, chr(129))");
        assertThat(json(rows.get(1), 1)).isEqualTo("\"\u20ac \u00e9\"");
        assertThat(json(rows.get(2), 1)).isEqualTo("not_exact");
    }

    @Test
    void tableWithUnreadableNameIsSetAside() throws Exception {
        createDatabase("encoding 'SQL_ASCII'");
        String odd = "convert_from('\\x63e9', 'SQL_ASCII')";
        List<Row> rows = rows(
                List.of("create table t (id int primary key)"),
                "insert into t values (1)",
                "do $$ begin execute 'alter table t add column ' || " + odd + " || ' int'; end $$",
                "begin; insert into t values (2); insert into healthy values (2); commit",
                "do $$ begin execute 'alter table t drop column ' || " + odd + "; end $$",
                "insert into t values (3)");
        assertThat(rows.stream().map(row -> row.text(0))).containsExactly("1", "3");
        assertThat(listener.setAside.stream().map(unread -> unread.table().toString()))
                .containsExactly("public.t");
        assertThat(listener.setAside.getFirst().isReadAgain()).isFalse();
        assertThat(inserted("healthy").stream().map(row -> row.text(0))).containsExactly("2", "1");
    }

    @Test
    void typeThatCannotBeReadHarmsOnlyItsTables() throws Exception {
        createDatabase("encoding 'SQL_ASCII'");
        String odd = "convert_from('\\x63e9', 'SQL_ASCII')";
        List<Row> rows = rows(
                List.of("create type pair as (f int, g int)", "create table t (id int primary key, p pair)"),
                "insert into t values (1, row(1, 2))",
                "do $$ begin execute 'alter type pair rename attribute g to ' || " + odd + "; end $$",
                "begin; insert into t values (2, row(1, 2)); insert into healthy values (2); commit");
        assertThat(rows).noneMatch(row -> "2".equals(row.text(0)));
        assertThat(listener.setAside).isNotEmpty().allSatisfy(unread -> {
            assertThat(unread.table()).hasToString("public.t");
            assertThat(unread.isReadAgain()).isFalse();
        });
        assertThat(inserted("healthy").stream().map(row -> row.text(0))).containsExactly("2", "1");
    }

    @Test
    void userTypesDoNotPreventTheStart() throws Exception {
        createDatabase("encoding 'SQL_ASCII'");
        String odd = "convert_from('\\x63e9', 'SQL_ASCII')";
        List<Row> rows = rows(
                List.of(
                        "create table t (id int primary key)",
                        "create type nothing as enum ()",
                        "do $$ begin execute 'create type ' || " + odd + " || ' as enum ()'; end $$"),
                "insert into t values (1)");
        assertThat(rows.stream().map(row -> row.text(0))).containsExactly("1");
    }
}
