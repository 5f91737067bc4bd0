package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.setup.Migrations;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Unacknowledged changes come again after a reconnect, at the same positions.
class AckTest {
    private static final String ACK = """
            {"event":"*","schema":"public","table":"rows","ack":true}""";
    private static final String NAMED = ACK.replace("true", "\"mine\"");
    private static final String PLAIN = ACK.replace(",\"ack\":true", "");

    private static TestPostgres postgres;

    @TempDir
    private Path folder;

    private String slot = "";
    private TestServer server;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create table rows (id int primary key)",
                "grant usage on schema public to anon, authenticated; grant select on rows to anon, authenticated",
                "create publication supabase_realtime for table rows");
        Migrations.run(PostgresUrl.parse(postgres.url()));
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startServer() throws Exception {
        postgres.execute("truncate rows, realtime.cursors");
        slot = "a" + UUID.randomUUID().toString().replace("-", "");
        start(TestServer.REPLAY);
    }

    private void start(ReplayLimits replay) throws Exception {
        server = TestServer.start(TestServer.settings(postgres.url(), slot, replay));
    }

    @AfterEach
    void stopServer() {
        server.close();
        postgres.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    // -- a client

    /// A channel that reads every change until it is live, and then one at a time.
    ///
    /// @param rows that it began with
    private record Client(RawSocket socket, List<JsonNode> rows, List<JsonNode> replayed, JsonNode live)
            implements AutoCloseable {
        static Client join(int port, String token, String... bindings) throws Exception {
            RawSocket socket = open(port, token);
            JsonNode reply = socket.join("realtime:r", "{\"postgres_changes\":[" + String.join(",", bindings) + "]}");
            assertThat(reply.get("status").asText()).as(reply.toString()).isEqualTo("ok");
            assertThat(reply.at("/response/postgres_changes/0").has("resume"))
                    .isEqualTo(bindings[0].contains("resume"));
            List<JsonNode> rows = new ArrayList<>();
            List<JsonNode> replayed = new ArrayList<>();
            JsonNode frame = socket.receiveJson();
            while (!frame.get(3).asText().equals("system") || frame.get(4).has("snapshot")) {
                if (frame.get(4).has("snapshot")) {
                    frame.at("/4/snapshot/rows").forEach(rows::add);
                } else {
                    replayed.add(frame.at("/4/data"));
                }
                frame = socket.receiveJson();
            }
            assertThat(frame.at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            return new Client(socket, rows, replayed, frame.get(4));
        }

        static RawSocket open(int port, String token) throws Exception {
            RawSocket socket = RawSocket.open(port, "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token, Map.of());
            socket.patience(Duration.ofSeconds(60));
            return socket;
        }

        List<Integer> ids() {
            return replayed.stream()
                    .map(change -> change.at("/record/id").asInt())
                    .toList();
        }

        String position() {
            return live.get("position").asText();
        }

        JsonNode next() throws Exception {
            JsonNode frame = socket.receiveJson();
            assertThat(frame.get(3).asText()).as(frame.toString()).isEqualTo("postgres_changes");
            return frame.at("/4/data");
        }

        /// As supabase-js' `channel.send` puts it.
        JsonNode push(String event, String payload) throws Exception {
            socket.send("[\"1\",\"p\",\"realtime:r\",\"postgres_changes\",{\"type\":\"postgres_changes\",\"event\":\""
                    + event + "\",\"payload\":" + payload + "}]");
            JsonNode frame = socket.receiveJson();
            assertThat(frame.get(1).asText()).as(frame.toString()).isEqualTo("p");
            return frame.get(4);
        }

        JsonNode ack(String position) throws Exception {
            return push("ack", "{\"position\":\"" + position + "\"}");
        }

        void acked(JsonNode change) throws Exception {
            assertThat(ack(change.get("position").asText()).get("status").asText())
                    .isEqualTo("ok");
        }

        @Override
        public void close() throws Exception {
            socket.close();
        }
    }

    private static String token(String user) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", user), Duration.ofHours(1));
    }

    private Client join(String user, String... bindings) throws Exception {
        return Client.join(server.port(), token(user), bindings);
    }

    private static void insert(int... ids) {
        for (int id : ids) {
            postgres.execute("insert into rows values (" + id + ")");
        }
    }

    // -- coming again

    @Test
    void unacknowledgedChangesComeAgainAtSamePositions() throws Exception {
        List<JsonNode> seen = new ArrayList<>();
        try (Client client = join("alice", ACK)) {
            insert(1, 2, 3);
            for (int i = 0; i < 3; i++) {
                seen.add(client.next());
            }
            client.acked(seen.get(0));
        }
        insert(4);
        try (Client client = join("alice", ACK)) {
            assertThat(client.ids().subList(0, 2)).containsExactly(2, 3);
            assertThat(client.replayed().subList(0, 2)).isEqualTo(seen.subList(1, 3));
            assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("resumed");
            JsonNode last = client.ids().size() == 3 ? client.replayed().get(2) : client.next();
            assertThat(last.at("/record/id").asInt()).isEqualTo(4);
            client.acked(last);
            client.acked(seen.get(0));
        }
        try (Client client = join("alice", ACK)) {
            assertThat(client.replayed()).isEmpty();
        }
    }

    @Test
    void firstJoinBeginsNowAndStoresPosition() throws Exception {
        insert(1);
        try (Client client = join("alice", PLAIN)) {
            insert(2);
            while (client.next().at("/record/id").asInt() != 2) {}
        }
        String place;
        try (Client client = join("alice", ACK)) {
            assertThat(client.live().has("resume")).isFalse();
            assertThat(client.live().has("warnings")).isFalse();
            place = client.position();
        }
        insert(3);
        try (Client client = join("alice", ACK)) {
            awaitIds(client, 3);
            assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("resumed");
        }
        try (Client client = join("alice", ACK.replace("}", ",\"resume\":\"" + place + "\"}"))) {
            awaitIds(client, 3);
        }
    }

    @Test
    void snapshotIsRepeatedOnlyWithoutCursor() throws Exception {
        String both = ACK.replace("}", ",\"snapshot\":true}");
        insert(1);
        try (Client client = join("alice", both)) {
            assertThat(client.rows()).hasToString("[{\"id\":1}]");
            assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("snapshot");
            insert(2);
            assertThat(client.next().at("/record/id").asInt()).isEqualTo(2);
        }
        try (Client client = join("alice", both)) {
            assertThat(client.rows()).isEmpty();
            assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("resumed");
            assertThat(client.ids()).containsExactly(2);
            client.acked(client.replayed().getFirst());
        }
        try (Client client = join("alice", both)) {
            assertThat(client.rows()).isEmpty();
            assertThat(client.replayed()).isEmpty();
        }
        try (Client client = join("alice", both.replace("}", ",\"resume\":\"nonsense\"}"))) {
            assertThat(client.rows()).hasSize(2);
            assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("snapshot");
            assertThat(client.live().at("/resume/0/reason").asText()).isEqualTo("invalid");
            assertThat(client.ack(client.position()).get("status").asText()).isEqualTo("ok");
            insert(3);
            JsonNode change = client.next();
            assertThat(change.at("/record/id").asInt()).isEqualTo(3);
            client.acked(change);
        }
    }

    /// Replayed or, when the server has not read it yet, live.
    private static void awaitIds(Client client, int id) throws Exception {
        int got = client.replayed().isEmpty()
                ? client.next().at("/record/id").asInt()
                : client.ids().getFirst();
        assertThat(got).isEqualTo(id);
    }

    @Test
    void eachSubjectAndNameHasItsOwnCursor() throws Exception {
        try (Client alice = join("alice", ACK);
                Client bob = join("bob", ACK);
                Client named = join("alice", NAMED);
                Client anonymous = Client.join(server.port(), TestServer.token("anon"), NAMED)) {
            insert(1);
            alice.acked(alice.next());
            bob.next();
            named.next();
            anonymous.acked(anonymous.next());
        }
        try (Client alice = join("alice", ACK);
                Client bob = join("bob", ACK);
                Client named = join("alice", NAMED);
                Client anonymous = Client.join(server.port(), TestServer.token("anon"), NAMED)) {
            assertThat(alice.ids()).isEmpty();
            assertThat(bob.ids()).containsExactly(1);
            assertThat(named.ids()).containsExactly(1);
            assertThat(anonymous.ids()).isEmpty();
        }
    }

    @Test
    void laterChannelTakesOverTheCursor() throws Exception {
        try (Client first = join("alice", ACK);
                Client second = join("alice", ACK)) {
            insert(1);
            JsonNode change = first.next();
            second.next();
            assertThat(first.ack(change.get("position").asText())
                            .at("/response/reason")
                            .asText())
                    .contains("Another channel has taken over");
            second.acked(change);
        }
        try (Client client = join("alice", ACK)) {
            assertThat(client.replayed()).isEmpty();
        }
    }

    @Test
    void expiredCursorIsResetUntilAcknowledged() throws Exception {
        server.close();
        start(new ReplayLimits(0, Duration.ofMinutes(5), 1L << 30, Duration.ZERO));
        try (Client client = join("alice", ACK)) {
            insert(1);
            client.next();
        }
        for (int i = 0; i < 2; i++) {
            try (Client client = join("alice", ACK)) {
                assertThat(client.replayed()).isEmpty();
                assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("reset");
                if (i == 1) {
                    assertThat(client.ack(client.position()).get("status").asText())
                            .isEqualTo("ok");
                }
            }
        }
        try (Client client = join("alice", ACK)) {
            assertThat(client.live().at("/resume/0/status").asText()).isEqualTo("resumed");
        }
    }

    // -- across servers

    @Test
    void acknowledgementsSurviveRestart() throws Exception {
        JsonNode second;
        try (Client client = join("alice", ACK)) {
            insert(1, 2);
            JsonNode change = client.next();
            second = client.next();
            client.acked(change);
        }
        server.close();
        start(TestServer.REPLAY);
        try (Client client = join("alice", ACK)) {
            assertThat(client.replayed()).containsExactly(second);
        }
    }

    @Test
    void killLosesAtMostTheLastSecond() throws Exception {
        server.close();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        JsonNode second;
        try (DevProcess first = serve(port);
                Client client = Client.join(port, token("alice"), ACK)) {
            insert(1, 2);
            JsonNode change = client.next();
            second = client.next();
            client.acked(change);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> stored().contains(change.get("position").asText()));
            first.kill();
        }
        try (DevProcess ignored = serve(port);
                Client client = Client.join(port, token("alice"), ACK)) {
            assertThat(client.replayed()).containsExactly(second);
            assertThat(client.live().at("/resume/0/replayed").asInt()).isEqualTo(1);
        }
        start(TestServer.REPLAY);
    }

    private DevProcess serve(int port) throws Exception {
        DevProcess process = DevProcess.run(
                folder,
                Map.of(
                        "DATABASE_URL",
                        postgres.url(),
                        "JWT_SECRET",
                        TestServer.SECRET,
                        "SLOT_NAME",
                        slot,
                        "PORT",
                        String.valueOf(port)),
                "serve");
        await().atMost(Duration.ofSeconds(90)).ignoreExceptions().until(() -> {
            try (RawSocket socket = Client.open(port, token("nobody"))) {
                return socket.status() == 101;
            }
        });
        return process;
    }

    private static List<String> stored() throws Exception {
        List<String> positions = new ArrayList<>();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("select \"position\" from realtime.cursors")) {
            while (row.next()) {
                positions.add(row.getString(1));
            }
        }
        return positions;
    }

    @Test
    void joinWarnsWithoutCursorTable() throws Exception {
        server.close();
        postgres.execute("alter table realtime.cursors rename to cursors_away");
        try {
            start(TestServer.REPLAY);
            try (Client client = join("alice", ACK, PLAIN)) {
                assertThat(client.live().get("warnings").toString()).contains("walcast setup");
                insert(1);
                client.next();
            }
            try (Client client = join("alice", ACK, PLAIN)) {
                assertThat(client.ids()).containsExactly(1);
            }
            try (Client client = join("alice", PLAIN)) {
                assertThat(client.live().has("warnings")).isFalse();
            }
        } finally {
            postgres.execute("alter table realtime.cursors_away rename to cursors");
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> !stored().isEmpty());
        try (Client client = join("alice", ACK, PLAIN)) {
            assertThat(client.live().has("warnings")).as("there is a table now").isFalse();
        }
    }

    @Test
    void clientRolesCannotReadCursors() throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("select bool_or(has_table_privilege(r, 'realtime.cursors',"
                        + " 'select, insert, update, delete')), (select relrowsecurity from pg_class where oid ="
                        + " 'realtime.cursors'::regclass) from unnest(array['anon', 'authenticated']) r")) {
            row.next();
            assertThat(row.getBoolean(1)).isFalse();
            assertThat(row.getBoolean(2)).isTrue();
        }
    }

    // -- refusals

    @Test
    void invalidAcknowledgementIsRefused() throws Exception {
        try (Client client = join("alice", ACK)) {
            insert(1, 2);
            String position = client.next().get("position").asText();
            client.next();
            for (String garbage : List.of("{}", "[]", "5", "null", "{\"position\":7}", "{\"position\":\"x\"}")) {
                assertThat(reason(client.push("ack", garbage))).startsWith("UnableToAcknowledge: An ack");
            }
            assertThat(reason(client.push("other", "{\"position\":\"" + position + "\"}")))
                    .startsWith("UnableToAcknowledge: An ack");
            String foreign = (position.startsWith("0") ? "1" : "0") + position.substring(1);
            assertThat(reason(client.ack(foreign))).isEqualTo("UnableToAcknowledge: The position is of another epoch");
            String future = position.substring(0, position.length() - 8) + "ffffffff";
            assertThat(reason(client.ack(future.replaceFirst("-[0-9a-f]{16}-", "-7fffffffffffffff-"))))
                    .isEqualTo("UnableToAcknowledge: Nothing of that position was sent on this channel");
        }
        try (Client client = join("alice", ACK)) {
            assertThat(client.ids()).containsExactly(1, 2);
        }
    }

    private static String reason(JsonNode reply) {
        assertThat(reply.get("status").asText()).isEqualTo("error");
        return reply.at("/response/reason").asText();
    }

    @Test
    void tokenWithoutSubjectNeedsShortName() throws Exception {
        assertThat(refusal(TestServer.token("anon"), ACK)).contains("InvalidJoinPayload", "needs a token with a `sub`");
        for (String bad : List.of("\"\"", "5", "{}", "\"" + "n".repeat(256) + "\"")) {
            assertThat(refusal(token("alice"), ACK.replace("true", bad))).contains("a name of at most 255 bytes");
        }
    }

    private String refusal(String token, String binding) throws Exception {
        try (RawSocket socket = Client.open(server.port(), token)) {
            return reason(socket.join("realtime:r", "{\"postgres_changes\":[" + binding + "]}"));
        }
    }

    @Test
    void channelWithoutAckIsUnchanged() throws Exception {
        try (Client client = join("alice", PLAIN)) {
            insert(1);
            String position = client.next().get("position").asText();
            client.socket.send(
                    "[\"1\",\"p\",\"realtime:r\",\"postgres_changes\",{\"event\":\"ack\",\"payload\":{\"position\":\""
                            + position + "\"}}]");
            assertThat(client.socket.untilHeartbeat(false)).isEmpty();
        }
        assertThat(stored()).isEmpty();
    }
}
