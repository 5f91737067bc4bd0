package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawFrame;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// Rows that once stopped the server reach their subscribers, live and in snapshots, and delay no other table.
@ParameterizedClass
@EnumSource(ServerSettings.Reader.class)
class PoisonRowsTest {
    private static final String DEEP = "(repeat('[', 1500) || repeat(']', 1500))::json";

    @Parameter
    private ServerSettings.Reader reader;

    private static TestPostgres postgres;

    private TestServer server;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "create domain small as int check (value < 100)",
                "create table deep (id int primary key, j json)",
                "create table cases (\"ID\" int primary key, id small, z timetz)",
                "create table healthy (id int primary key)",
                "grant select on deep, cases, healthy to anon",
                "create publication supabase_realtime for table deep, cases, healthy");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startServer() throws Exception {
        postgres.execute("truncate deep, cases, healthy");
        // a slot of its own: with a shared slot, changes committed while no server ran would arrive here
        String slot = "p" + UUID.randomUUID().toString().replace("-", "");
        server = TestServer.start(TestServer.withReader(TestServer.settings(postgres, slot), reader));
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private RawSocket joined(String bindings) throws Exception {
        RawSocket socket = server.open("anon");
        socket.patience(Duration.ofSeconds(30));
        socket.join("realtime:p", "{\"postgres_changes\":[" + bindings + "]}");
        return socket;
    }

    private static String binding(String table, String rest) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"" + rest + "}";
    }

    /// Nested more deeply than this test's JSON parser allows.
    private static String text(RawSocket socket) throws Exception {
        RawFrame frame = socket.readFrame();
        while (frame.opCode() != 1) {
            frame = socket.readFrame();
        }
        return new String(frame.payload(), StandardCharsets.UTF_8);
    }

    private static JsonNode data(RawSocket socket) throws Exception {
        return socket.receiveJson().at("/4/data");
    }

    @Test
    void poisonedAndHealthyRowsArrive() throws Exception {
        try (RawSocket socket =
                joined(binding("deep", "") + "," + binding("cases", "") + "," + binding("healthy", ""))) {
            assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            postgres.execute(
                    "begin; insert into deep values (1, " + DEEP + "), (2, '\"\\ud83d\"');"
                            + " insert into cases values (1, 2, '12:00:00+05:30:15');"
                            + " insert into healthy values (1); commit",
                    "insert into healthy values (2)");
            String frame = text(socket);
            assertThat(frame).contains("\"record\":{\"id\":1,\"j\":" + "[".repeat(1500) + "]".repeat(1500) + "}");
            JsonNode half = data(socket);
            assertThat(half.get("record").toString()).isEqualTo("{\"id\":2}");
            assertThat(half.get("missing").toString()).isEqualTo("{\"j\":\"not_exact\"}");
            JsonNode cases = data(socket);
            assertThat(cases.get("record").toString()).isEqualTo("{\"ID\":1,\"id\":2,\"z\":\"12:00:00+05:30:15\"}");
            assertThat(cases.at("/columns/1/type").asText()).isEqualTo("small");
            assertThat(data(socket).at("/record/id").asInt()).isEqualTo(1);
            assertThat(data(socket).at("/record/id").asInt()).isEqualTo(2);
        }
        HttpResponse<String> ready = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.url() + "/readyz"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(ready.body()).contains("\"status\":\"ready\"");
    }

    @Test
    void poisonedRowsAreInSnapshots() throws Exception {
        postgres.execute("insert into deep values (1, " + DEEP + "), (2, '\"\\ud83d\"')");
        try (RawSocket socket = joined(binding("deep", ",\"snapshot\":true"))) {
            String chunk = text(socket);
            assertThat(chunk)
                    .contains("{\"id\":1,\"j\":" + "[".repeat(1500) + "]".repeat(1500) + "}")
                    .contains("{\"id\":2}")
                    .contains("\"missing\":{\"j\":\"not_exact\"}");
            assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
        }
    }
}
