package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.Change;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.RenderVectors;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.cdc.text.JsonText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Sends every value of the rendering vectors through a real Postgres and each reader. The database's own
/// settings would print the values differently.
@EachReader
class RenderingPgTest {
    @Parameter
    private Reader reader;

    @Test
    void rendersVectorsLikePostgres() throws Exception {
        List<JsonNode> vectors = RenderVectors.all();
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start()) {
            RenderVectors.prepare(postgres);
            try (SlotSource source = source(postgres)) {
                source.start(listener);
                List<String> toJsonb = new ArrayList<>();
                List<String> texts = new ArrayList<>();
                try (Connection connection = postgres.connect();
                        Statement statement = connection.createStatement()) {
                    statement.execute(RenderVectors.SESSION);
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

    private void check(List<JsonNode> vectors, List<String> toJsonb, List<String> texts, List<Change> changes) {
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < vectors.size(); i++) {
            JsonNode vector = vectors.get(i);
            Row row = ((Change.Insert) changes.get(i)).newRow();
            StringBuilder json = new StringBuilder();
            MissingReason missing = JsonText.value(json, row, 1);
            String expected = expected(vector, toJsonb.get(i));
            assertThat(columnType(row)).isEqualTo(vector.get("column_type").asText());
            boolean right = missing == null
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

    private static String columnType(Row row) {
        return row.table().columns().get(1).type().name();
    }

    /// The protocol's form for bytea, Postgres' to_jsonb for all other types; SQL NULL is null.
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

    private SlotSource source(TestPostgres postgres) {
        return reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url()), "everything", "render"));
    }
}
