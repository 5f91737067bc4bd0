package dev.walcast.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.json.Slice;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.presence.PresenceLimits;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Event streams as clients without a socket: the broadcasts that they receive, and the limits that they share with
/// sockets.
class GuestTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String CHANGES = "/changes?table=t";
    private static final String ROOM = "/realtime/v1/broadcast?topic=room";

    private TestingServer server = new TestingServer(TestingServer.limits());

    @AfterEach
    void stop() {
        server.close();
    }

    private void restart(TestingLimits limits) {
        server.close();
        server = new TestingServer(limits);
    }

    private EventReader open(String path) throws Exception {
        return EventReader.open("http://127.0.0.1:" + server.port() + path, "apikey", TestingTokens.ANON);
    }

    private void assertRefused(EventReader reader, int status, String code) throws Exception {
        try (reader) {
            assertThat(reader.status()).isEqualTo(status);
            assertThat(reader.refusal().get("code").asText()).isEqualTo(code);
        }
    }

    private void send(boolean isPrivate, String event, String payload) {
        server.sockets
                .rooms()
                .broadcast(
                        new Broadcast.User(
                                Topic.named("room"), event, Broadcast.Encoding.JSON, Slice.of(payload.getBytes(UTF_8))),
                        isPrivate);
    }

    // -- broadcasts

    @Test
    void broadcastsArriveWithLineBreaks() throws Exception {
        try (EventReader reader = open(ROOM);
                WireClient client = server.open()) {
            client.text(TestingServer.join("1", "realtime:room"));
            client.nextText();
            client.text(TestingServer.broadcast(
                    "2", "realtime:room", "{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{\"x\":1.00}}"));
            assertThat(reader.next("message").data()).isEqualTo("""
                            {"type":"broadcast","event":"e","payload":{"x":1.00}}""");
            send(true, "e", "\"another room\"");
            send(false, "e", "not JSON");
            send(false, "e", "{\r\n\"x\":\n2}");
            assertThat(reader.next("message").json().at("/payload/x").asInt()).isEqualTo(2);
        }
        await().atMost(PATIENCE).until(() -> {
            send(false, "e", "0");
            return server.sockets.openRooms() == 0;
        });
    }

    @Test
    void onlyRequestedEventArrives() throws Exception {
        try (EventReader reader = open(ROOM + "&event=b")) {
            send(false, "a", "1");
            send(false, "b", "2");
            server.sockets
                    .rooms()
                    .broadcast(
                            new Broadcast.Text(
                                    Topic.named("room"), Slice.of("{\"event\":\"b\",\"payload\":3}".getBytes(UTF_8))),
                            false);
            assertThat(reader.next().json().get("payload").asInt()).isEqualTo(2);
            assertThat(reader.next().json().get("payload").asInt()).isEqualTo(3);
        }
    }

    @Test
    void privateTopicNeedsReadRight() throws Exception {
        assertRefused(open(ROOM + "&private=true"), 403, "Unauthorized");
        server.topics.read(_ -> new TopicAccess(false, true));
        assertRefused(open(ROOM + "&private=true"), 403, "Unauthorized");
        server.topics.read(question -> {
            throw new TopicCheckException(
                    TopicCheckException.Reason.POOL_EXHAUSTED, "no connection", new java.sql.SQLException("none"));
        });
        assertRefused(open(ROOM + "&private=true"), 429, "IncreaseConnectionPool");
        server.topics.read(question -> new TopicAccess(
                question.topic().equals("room") && question.viewer().role().equals("anon"), false));
        try (EventReader reader = open(ROOM + "&private=true")) {
            send(false, "e", "1");
            send(true, "e", "2");
            assertThat(reader.next("message").json().get("payload").asInt()).isEqualTo(2);
        }
        assertRefused(open("/broadcast?private=true"), 400, "TopicNameRequired");
    }

    // -- bounds

    @Test
    void streamsCountAsSockets() throws Exception {
        restart(TestingServer.limits().socketsMax(2));
        try (EventReader one = open(CHANGES);
                EventReader two = open(ROOM)) {
            assertThat(one.status()).isEqualTo(200);
            assertThat(two.status()).isEqualTo(200);
            assertRefused(open(CHANGES), 429, "ConnectionRateLimitReached");
        }
        await().atMost(PATIENCE).untilAsserted(() -> {
            send(false, "e", "0");
            server.feed.subscriptions().forEach(to -> server.feed.emit(to, "INSERT", "{}"));
            try (EventReader reader = open(CHANGES)) {
                assertThat(reader.status()).isEqualTo(200);
            }
        });
    }

    @Test
    void streamsCountAsUsersAndAsJoins() throws Exception {
        restart(TestingServer.limits().usersMax(1));
        try (EventReader _ = open(CHANGES)) {
            assertRefused(open(ROOM), 429, "ConnectionRateLimitReached");
            assertThat(server.sockets.users()).isEqualTo(1);
        }
        restart(TestingServer.limits().joins(1, 1));
        try (EventReader _ = open(CHANGES)) {
            assertRefused(open(CHANGES), 429, "JoinsRateLimitReached");
        }
    }

    @Test
    void privateOnlyServerRefusesPublicStreams() throws Exception {
        restart(TestingServer.limits().privateOnly());
        assertRefused(open(CHANGES), 403, "PrivateOnly");
        assertRefused(open(ROOM), 403, "PrivateOnly");
        server.topics.allowAll();
        try (EventReader reader = open(ROOM + "&private=true")) {
            assertThat(reader.status()).isEqualTo(200);
        }
    }

    @Test
    void streamEndedForMemoryNamesReason() throws Exception {
        server.close();
        server = new TestingServer(
                TestingServer.limits().build(),
                PresenceLimits.defaults(),
                new TestingTopics(),
                new MemoryBudget(64 << 20, 1 << 20, System::nanoTime));
        try (EventReader reader = open(ROOM)) {
            send(false, "e", "\"" + "x".repeat(2_000_000) + "\"");
            assertThat(reader.next("error").json().get("code").asText()).isEqualTo("MemoryLimitReached");
            reader.assertEnds();
        }
    }

    // -- time

    @Test
    void silentStreamIsKeptAlive() throws Exception {
        restart(TestingServer.limits().idleTimeout(Duration.ofSeconds(1)));
        try (EventReader reader = open(CHANGES)) {
            reader.next("system");
            await().atMost(PATIENCE).until(() -> reader.comments() >= 12);
            server.feed.emit(server.feed.subscriptions().getFirst(), "INSERT", "{\"x\":1}");
            assertThat(reader.next("message").data()).isEqualTo("{\"x\":1}");
        }
        await().atMost(PATIENCE).until(() -> server.feed.subscriptions().isEmpty());
        await().atMost(PATIENCE).until(() -> server.sockets.users() == 0);
    }

    @Test
    void clientThatBlocksAWriteIsCut() throws Exception {
        restart(TestingServer.limits().writeTimeout(Duration.ofMillis(500)));
        try (Socket slow = new Socket()) {
            slow.setReceiveBufferSize(16 * 1024);
            slow.connect(new InetSocketAddress("127.0.0.1", server.port()));
            slow.getOutputStream()
                    .write(("GET " + ROOM + "&apikey=" + TestingTokens.ANON + " HTTP/1.1\r\nHost: x\r\n\r\n")
                            .getBytes(UTF_8));
            await().atMost(PATIENCE).until(() -> server.streams.stats().framesOut() >= 2);
            String large = "\"" + "x".repeat(1_000_000) + "\"";
            for (int i = 0; i < 16; i++) {
                send(false, "e", large);
            }
            await().atMost(PATIENCE).until(() -> server.streams.stats().closed(CloseReason.WRITE_TIMEOUT) == 1);
            await().atMost(PATIENCE).until(() -> server.sockets.users() == 0);
        }
    }

    @Test
    void lateRefusalEndsStreamWithReason() throws Exception {
        try (EventReader reader = open(CHANGES)) {
            reader.next("system");
            server.feed.subscriptions().getFirst().receiver().onRefused("too expensive");
            assertThat(reader.next("error").json().get("message").asText()).isEqualTo("too expensive");
            reader.assertEnds();
        }
    }
}
