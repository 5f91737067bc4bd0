package dev.walcast.cdc.debezium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.Change;
import dev.walcast.cdc.JsonText;
import dev.walcast.cdc.Missing;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Every value of the rendering vectors through a real Postgres and Debezium, in a database whose own settings would
/// print values differently.
class RenderingPgTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// What Debezium cannot carry exactly, by type: such a value is left out, with this reason. A row here that
    /// turns out to be exact fails the test, so the list stays honest.
    private static final Map<String, Missing> DECLARED = Map.of(
            "timetz", Missing.TIMETZ_OFFSET,
            "money", Missing.MONEY_FORMAT,
            "date infinity", Missing.DATE_INFINITY,
            "date -infinity", Missing.DATE_INFINITY,
            "interval 00:00:00", Missing.INTERVAL_ZERO_OR_INFINITE);

    @Test
    void everyVectorRendersAsPostgresDoesOrIsDeclared() throws Exception {
        List<JsonNode> vectors = vectors();
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start()) {
            prepare(postgres);
            try (DebeziumChangeSource source = source(postgres)) {
                source.start(listener);
                List<String> toJsonb = new ArrayList<>();
                List<String> texts = new ArrayList<>();
                try (Connection connection = postgres.connect();
                        Statement statement = connection.createStatement()) {
                    statement.execute(
                            "set datestyle = 'ISO, MDY'; set timezone = 'UTC'; set intervalstyle = postgres;"
                                    + "set extra_float_digits = 1; set bytea_output = hex; set search_path = render_types, public");
                    for (int i = 0; i < vectors.size(); i++) {
                        insert(statement, i, vectors.get(i), toJsonb, texts);
                    }
                }
                await().atMost(Duration.ofSeconds(60)).until(() -> listener.changes.size() == vectors.size());
                check(vectors, toJsonb, texts, listener.changes);
            }
        }
    }

    private static void insert(Statement statement, int i, JsonNode vector, List<String> toJsonb, List<String> texts)
            throws Exception {
        String table = "public.t" + i;
        statement.execute(
                "create table " + table + " (id int, v " + vector.get("type").asText() + ")");
        statement.execute(
                "insert into " + table + " values (1, " + vector.get("literal").asText() + ")");
        try (ResultSet row =
                statement.executeQuery("select to_jsonb(v)::text, format('%s', v), v is null from " + table)) {
            row.next();
            toJsonb.add(row.getString(1));
            texts.add(row.getBoolean(3) ? null : row.getString(2));
        }
    }

    private static void check(List<JsonNode> vectors, List<String> toJsonb, List<String> texts, List<Change> changes) {
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < vectors.size(); i++) {
            JsonNode vector = vectors.get(i);
            Row row = ((Change.Insert) changes.get(i)).newRow();
            StringBuilder json = new StringBuilder();
            Missing missing = JsonText.value(json, row, 1);
            Missing declared = declared(vector);
            String expected = expected(vector, toJsonb.get(i));
            boolean right = declared != null
                    ? missing == declared
                    : missing == null
                            && json.toString().equals(expected)
                            && java.util.Objects.equals(row.text(1), texts.get(i));
            if (!right) {
                wrong.add(vector.get("type").asText() + " "
                        + vector.get("literal").asText() + ": expected " + expected + ", got "
                        + (missing == null ? json : missing) + " of the text " + row.text(1));
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static Missing declared(JsonNode vector) {
        if (vector.get("pg_text").isNull()) {
            return null;
        }
        String type = vector.get("type").asText();
        return DECLARED.getOrDefault(type + " " + vector.get("pg_text").asText(), DECLARED.get(type));
    }

    /// The protocol's own form for bytea, Postgres' to_jsonb for all else; SQL NULL is null.
    private static String expected(JsonNode vector, String live) {
        if (vector.get("pg_text").isNull()) {
            return "null";
        }
        if (vector.get("type").asText().equals("bytea")) {
            return vector.get("expected").asText();
        }
        String recorded = vector.path("to_jsonb").isTextual()
                ? vector.get("to_jsonb").asText()
                : vector.get("expected").asText();
        assertThat(live).as("the vector itself, against this Postgres").isEqualTo(recorded);
        return live;
    }

    private static void prepare(TestPostgres postgres) throws Exception {
        postgres.execute(resource("/vectors/setup.sql"));
        postgres.execute(
                "create extension if not exists cube schema public",
                "create extension if not exists isn schema public",
                "create publication everything for all tables",
                "alter database postgres set timezone = 'Asia/Kolkata'",
                "alter database postgres set datestyle = 'SQL, DMY'",
                "alter database postgres set intervalstyle = 'iso_8601'",
                "alter database postgres set bytea_output = 'escape'",
                "alter database postgres set extra_float_digits = 0");
    }

    private static DebeziumChangeSource source(TestPostgres postgres) {
        return new DebeziumChangeSource(SourceConfig.of(PostgresUrl.parse(postgres.url()), "everything", "render"));
    }

    /// Those without settings of their own: the feed's settings are always the same.
    private static List<JsonNode> vectors() throws Exception {
        List<JsonNode> vectors = new ArrayList<>();
        for (String line : resource("/vectors/render.jsonl").lines().toList()) {
            JsonNode vector = JSON.readTree(line);
            if (!vector.has("settings")) {
                vectors.add(vector);
            }
        }
        return vectors;
    }

    private static String resource(String name) throws Exception {
        try (InputStream stream = RenderingPgTest.class.getResourceAsStream(name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
