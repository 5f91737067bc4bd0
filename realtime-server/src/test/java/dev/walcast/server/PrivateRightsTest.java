package dev.walcast.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.ClaimRules;
import dev.walcast.server.auth.KeySource;
import dev.walcast.server.auth.OpaqueKeys;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.setup.MessagesDatabase;
import dev.walcast.server.setup.Migrations;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Members of a private topic lose their rights while they are joined, with a real Postgres.
class PrivateRightsTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String KEY = "sb_publishable_aaaaaaaaaaaaaaaaaaaaaaaa";
    private static final String PRIVATE = """
            {"private":true,"broadcast":{"self":true,"ack":true}}""";
    private static final String HELLO = """
            ["1","9","realtime:room:1","broadcast",{"event":"e","payload":{"hello":1}}]""";
    private static final String UNREADABLE = "You do not have permissions to read from this Channel topic: room:1";
    private static final Duration LONG = Duration.ofMinutes(10);

    private TestPostgres postgres;
    private TestServer server;

    @BeforeEach
    void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        Migrations.run(MessagesDatabase.prepare(postgres));
        postgres.execute(
                "create table members (room text, user_id uuid, primary key (room, user_id))",
                "create table open_rooms (room text primary key)",
                "grant select on members, open_rooms to anon, authenticated",
                "insert into members values ('room:1', '" + ALICE + "'); insert into open_rooms values ('room:1')",
                "create policy members on realtime.messages to authenticated using (exists (select from members m"
                        + " where m.user_id = auth.uid() and m.room = realtime.topic()))",
                "create policy visitors on realtime.messages to anon using (exists (select from open_rooms o"
                        + " where o.room = realtime.topic()))");
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        postgres.close();
    }

    private void publish() {
        postgres.execute("alter publication supabase_realtime add table members, open_rooms");
    }

    private void start(Duration recheck, Duration grace) throws Exception {
        String url = postgres.url("postgres", "walcast", "unchecked", "postgres");
        ServerSettings usual =
                TestServer.settings(url, "s" + UUID.randomUUID().toString().replace("-", ""));
        TokenRules tokens = new TokenRules(
                Optional.of(TestServer.SECRET),
                new KeySource.None(),
                ClaimRules.usual(),
                OpaqueKeys.Kind.PUBLISHABLE.parse(KEY));
        server = TestServer.start(TestServer.withTokens(TestServer.withPrivateRights(usual, recheck, grace), tokens));
        await().until(() ->
                server.server().project().topicPolicies().tablesRead().size() == 2);
    }

    private static String alice() {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", ALICE), Duration.ofHours(1));
    }

    private RawSocket join(String key) throws Exception {
        RawSocket socket = RawSocket.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + key, Map.of());
        assertThat(socket.join("realtime:room:1", PRIVATE).get("status").asText())
                .isEqualTo("ok");
        return socket;
    }

    private void send() {
        server.server()
                .sockets()
                .rooms()
                .broadcast(
                        new Broadcast.Text(
                                Topic.named("room:1"), Slice.of("{\"event\":\"e\",\"payload\":1}".getBytes(UTF_8))),
                        true);
    }

    private static void assertWrites(RawSocket socket) throws Exception {
        socket.send(HELLO);
        assertThat(socket.receiveJson().at("/4/payload/hello").asInt()).isEqualTo(1);
        assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("ok");
    }

    private void assertClosed(RawSocket socket) throws Exception {
        assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo(UNREADABLE);
        assertThat(socket.receiveJson().get(3).asText()).isEqualTo("phx_close");
        send();
        socket.send(HELLO);
        assertThat(socket.receiveJson().at("/4/response/reason").asText()).isEqualTo("unmatched topic");
        assertThat(socket.untilHeartbeat(false)).isEmpty();
    }

    @Test
    void tablesReadByPoliciesAreKnown() throws Exception {
        start(LONG, LONG);
        assertThat(server.server().project().topicPolicies().tablesRead())
                .containsExactlyInAnyOrder(new TableId("public", "members"), new TableId("public", "open_rooms"));
    }

    @Test
    void memberDeletedFromPublishedTableEndsAtOnce() throws Exception {
        publish();
        start(LONG, LONG);
        try (RawSocket socket = join(alice())) {
            assertWrites(socket);
            postgres.execute("delete from members");
            assertClosed(socket);
        }
    }

    @Test
    void memberDeletedFromAnyTableEndsInPeriod() throws Exception {
        start(Duration.ofMillis(500), LONG);
        try (RawSocket socket = join(alice())) {
            assertWrites(socket);
            postgres.execute("delete from members");
            assertClosed(socket);
        }
    }

    @Test
    void opaqueKeyLosesItsRights() throws Exception {
        publish();
        start(LONG, LONG);
        try (RawSocket socket = join(KEY)) {
            assertWrites(socket);
            postgres.execute("truncate open_rooms");
            assertClosed(socket);
        }
    }

    @Test
    void changedPolicyTakesEffectAtOnce() throws Exception {
        start(LONG, LONG);
        try (RawSocket socket = join(alice())) {
            assertWrites(socket);
            postgres.execute("alter policy members on realtime.messages using (false)");
            assertClosed(socket);
        }
    }

    @Test
    void revokedGrantTakesEffectAtOnce() throws Exception {
        start(LONG, LONG);
        try (RawSocket socket = join(alice())) {
            postgres.execute("revoke select on members from authenticated");
            assertClosed(socket);
        }
    }

    @Test
    void lostWriteRightRefusesPushes() throws Exception {
        publish();
        start(LONG, LONG);
        try (RawSocket socket = join(alice())) {
            assertWrites(socket);
            postgres.execute("create policy silence on realtime.messages as restrictive for insert to authenticated"
                    + " with check (false)");
            await().untilAsserted(() -> {
                socket.send(HELLO);
                JsonNode answer = socket.receiveJson();
                if (answer.get(3).asText().equals("broadcast")) {
                    answer = socket.receiveJson();
                }
                assertThat(answer.at("/4/response/reason").asText()).contains("do not have permissions to write");
            });
            send();
            assertThat(socket.receiveJson().at("/4/payload").asInt()).isEqualTo(1);
        }
    }

    @Test
    void streamOfDeletedMemberEnds() throws Exception {
        publish();
        start(LONG, LONG);
        try (EventReader reader = EventReader.open(
                server.url() + "/realtime/v1/broadcast?topic=room:1&private=true",
                "Authorization",
                "Bearer " + alice())) {
            send();
            assertThat(reader.next("message").json().get("payload").asInt()).isEqualTo(1);
            postgres.execute("delete from members");
            assertThat(reader.next("error").json().get("code").asText()).isEqualTo("Unauthorized");
            reader.assertEnds();
        }
    }

    @Test
    void nothingIsDeliveredWithoutDatabase() throws Exception {
        start(Duration.ofMillis(200), Duration.ofMillis(800));
        try (RawSocket socket = join(alice());
                HttpClient http = HttpClient.newHttpClient()) {
            assertWrites(socket);
            postgres.stop();
            URI readyz = URI.create(server.url() + "/readyz");
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> http.send(HttpRequest.newBuilder(readyz).build(), HttpResponse.BodyHandlers.ofString())
                            .body()
                            .contains("private_rights_stale"));
            send();
            assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("error");
            assertThat(socket.receiveJson().get(3).asText()).isEqualTo("phx_error");
            assertThat(socket.untilHeartbeat(false)).isEmpty();
        }
    }
}
