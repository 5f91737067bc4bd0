package dev.walcast.server.clients;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.setup.Migrations;
import dev.walcast.server.setup.SetupException;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// The environment of the documents' blocks: a database with the tables they name, and one server.
record ExampleStage(TestPostgres postgres, TestServer server) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SURROUNDINGS =
            "import { client, commands, key, overhear, say, token, url } from './example.mjs'\n";

    static void prepare(TestPostgres postgres) throws SetupException {
        postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role reader nologin",
                "grant usage on schema public to anon, authenticated, reader",
                "create table messages (id int primary key, room_id text, body text)",
                "create table tasks (id int primary key, title text, done boolean)",
                "alter table messages replica identity full; alter table tasks replica identity full",
                "create table jobs (id int primary key, position text); create table ends (n int)",
                "grant select on messages, tasks to anon; grant select on jobs, ends to authenticated",
                "grant select on messages to reader",
                "create publication supabase_realtime for table messages, tasks, jobs, ends");
        Migrations.run(PostgresUrl.parse(postgres.url()));
        postgres.execute("create policy hear on realtime.messages for select to authenticated"
                + " using (realtime.topic() = 'room:1')");
    }

    /// The code before and after the block can use the names of `example.mjs`.
    NodeScript run(DocumentedBlock block, String before, String after) throws Exception {
        return NodeScript.startModule(SURROUNDINGS + before + block.at(server.url()) + after, environment());
    }

    NodeScript runInBrowser(DocumentedBlock block, String before, String after) throws Exception {
        NodeScript.assumeBrowser();
        return NodeScript.start(
                "example-page.mjs",
                before + block.at(server.url()) + after,
                Map.of("WALCAST_URL", server.url(), "ANON_KEY", TestServer.token("reader")));
    }

    /// The text of another block that this one continues.
    String text(Example example) throws IOException {
        return DocumentedBlock.all().stream()
                .filter(block -> Example.of(block).equals(Optional.of(example)))
                .findFirst()
                .orElseThrow()
                .at(server.url());
    }

    private Map<String, String> environment() {
        return Map.of(
                "WALCAST_URL", server.url(), "ANON_KEY", TestServer.token("anon"), "TOKEN", Stage.user(Stage.ALICE));
    }

    /// @param text with apostrophes for quotation marks
    static JsonNode json(String text) throws IOException {
        return JSON.readTree(text.replace('\'', '"'));
    }

    void sql(String... statements) {
        postgres.execute(statements);
    }

    /// It has reached the server when this returns.
    void commit(String... statements) throws Exception {
        String binding = """
                {"event":"DELETE","schema":"public","table":"jobs"}""";
        try (ChangeListener witness = ChangeListener.join(server, Stage.ALICE, binding)) {
            sql(statements);
            witness.past(postgres);
        }
    }

    /// Until the block's `rows` are those of the query.
    void awaitRows(NodeScript reader, String query) throws Exception {
        JsonNode expected = rows(query);
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> readersRows(reader), expected::equals);
    }

    private static JsonNode readersRows(NodeScript reader) throws Exception {
        reader.command("{\"cmd\":\"rows\"}");
        return reader.await("rows", _ -> true).get("rows");
    }

    private JsonNode rows(String query) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(
                        "select coalesce(json_agg(r order by id), '[]') from (" + query + ") r")) {
            result.next();
            return JSON.readTree(result.getString(1));
        }
    }
}
