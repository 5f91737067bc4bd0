package dev.walcast.server.channel;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.broadcast;
import static dev.walcast.server.testing.TestingServer.delivered;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.json;
import static dev.walcast.server.testing.TestingServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Private channels: the rights to join, read and write, and what happens while the database is being asked.
class PrivateChannelTest {
    private static final String STATE = "[\"1\",null,\"realtime:room\",\"presence_state\",{}]";
    private static final String TOPIC = "realtime:room";
    private static final String PRIVATE = """
            {"config":{"private":true,"broadcast":{"self":true,"ack":true}}}""";
    private static final TopicAccess BROADCAST = new TopicAccess(true, false);
    private static final TopicAccess PRESENCE = new TopicAccess(false, true);
    private static final String HELLO = "{\"event\":\"e\",\"payload\":{}}";
    private static final String CLOSED = "[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]";

    private TestingServer server;
    private WireClient client;

    @BeforeEach
    void start() throws Exception {
        start(TestingServer.limits());
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    private void start(TestingLimits limits) throws Exception {
        if (server != null) {
            client.close();
            server.close();
        }
        server = new TestingServer(limits);
        client = server.open();
    }

    // -- joins

    @Test
    void anyReadRightAllowsTheJoin() throws Exception {
        for (TopicAccess access : List.of(BROADCAST, PRESENCE, TestingTopics.ALL)) {
            server.topics.read(_ -> access);
            client.text(join("1", TOPIC, "{\"config\":{\"private\":\"TRUE\",\"presence\":{\"enabled\":true}}}"));
            assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
            if (access.presence()) {
                assertThat(client.nextText()).isEqualTo(STATE);
            }
            client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
            client.nextText();
            client.nextText();
        }
        server.topics.read(_ -> TopicAccess.NONE).write(_ -> TestingTopics.ALL);
        assertRefused(PRIVATE, "Unauthorized: You do not have permissions to read from this Channel topic: room");
        assertThat(server.sockets.users()).isEqualTo(1);
    }

    @Test
    void presenceOnlyRightNeedsPresenceConfig() throws Exception {
        server.topics.read(_ -> PRESENCE);
        assertRefused(PRIVATE, "Unauthorized: You do not have permissions to read from this Channel topic: room");
    }

    @Test
    void failedQuestionRefusesTheJoin() throws Exception {
        assertFailure(Reason.POOL_EXHAUSTED, "IncreaseConnectionPool: Please increase your connection pool size");
        assertFailure(Reason.CANCELED, "QueryCanceled: Query was cancelled, please try again");
        assertFailure(
                Reason.PARTITION_MISSING,
                "MissingPartition: Realtime was unable to find the expected messages partition");
        assertFailure(Reason.UNREACHABLE, "Realtime was unable to connect to the project database");
        assertFailure(
                Reason.NOT_INSTALLED,
                "PrivateChannelsNotInstalled: The database is not prepared for private channels: run `walcast setup`");
        server.topics.read(_ -> {
            throw new IllegalStateException("for the test");
        });
        assertRefused(PRIVATE, "Unknown Error on Channel");
        assertThat(server.sockets.channels()).isZero();
        assertThat(server.sockets.users()).isZero();
    }

    private void assertFailure(Reason reason, String text) throws Exception {
        server.topics.read(_ -> {
            throw new TopicCheckException(reason, "for the test", new IllegalStateException("secret"));
        });
        assertRefused(PRIVATE, text);
    }

    private void assertRefused(String payload, String reason) throws Exception {
        client.text(join("1", TOPIC, payload));
        assertThat(json(client.nextText())
                        .get(4)
                        .path("response")
                        .path("reason")
                        .asText())
                .isEqualTo(reason);
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void privateOnlyServerRefusesPublicChannels() throws Exception {
        start(TestingServer.limits().privateOnly());
        server.topics.allowAll();
        assertRefused("{\"config\":{}}", "PrivateOnly: This project only allows private channels");
        client.text(join("2", TOPIC, PRIVATE));
        assertThat(client.nextText()).isEqualTo(joined("2", TOPIC));
    }

    @Test
    void policiesSeeHeadersButNotTheKey() throws Exception {
        BlockingQueue<TopicQuestion> questions = new LinkedBlockingQueue<>();
        server.topics.read(question -> {
            questions.add(question);
            return BROADCAST;
        });
        Map<String, String> headers = Map.of("X-Forwarded-For", "10.0.0.\"1", "X-Api-Key", TestingTokens.ANON);
        try (WireClient other = WireClient.open(server.port(), TestingServer.path("2.0.0"), headers)) {
            other.text(join("1", "realtime:a:b", PRIVATE));
            other.nextText();
            TopicQuestion question = questions.take();
            assertThat(question.topic()).isEqualTo("a:b");
            assertThat(question.viewer().role()).isEqualTo("anon");
            assertThat(question.headers()).isEqualTo("{\"x-forwarded-for\":\"10.0.0.\\\"1\"}");
        }
    }

    @Test
    void tooManyHeadersAreRefused() throws Exception {
        Map<String, String> headers = Map.of("X-Long", "x".repeat(9_000));
        try (WireClient other = WireClient.open(server.port(), TestingServer.path("2.0.0"), headers)) {
            assertThat(other.status()).isEqualTo(431);
            assertThat(other.body()).isEqualTo("{\"error\":\"The x- headers are too many or too long\"}");
        }
    }

    // -- topics

    @Test
    void publicAndPrivateTopicAreSeparate() throws Exception {
        server.topics.allowAll();
        try (WireClient other = server.open()) {
            client.text(join("1", TOPIC, PRIVATE));
            client.nextText();
            other.text(join("1", TOPIC));
            other.nextText();
            client.text(broadcast("2", TOPIC, HELLO));
            assertThat(client.nextText()).isEqualTo(delivered(TOPIC, HELLO));
            assertThat(client.nextText()).isEqualTo(ok("1", "2", TOPIC));
            assertThat(before(other, "probe")).isEmpty();
            assertThat(server.sockets.openRooms()).isEqualTo(2);
        }
    }

    @Test
    void internalLookingNamesAreOrdinaryTopics() throws Exception {
        for (String topic : List.of("realtime:realtime:operations:x", "realtime:postgres:x", "realtime:phoenix")) {
            client.text(join("1", topic));
            assertThat(client.nextText()).isEqualTo(joined("1", topic));
            assertThat(before(client, "probe")).isEmpty();
        }
        assertThat(server.sockets.openRooms()).isEqualTo(3);
    }

    @Test
    void writerWithoutReadRightGetsNoBroadcasts() throws Exception {
        server.topics.read(_ -> PRESENCE).write(_ -> BROADCAST);
        client.text(join(
                "1",
                TOPIC,
                "{\"config\":{\"private\":true,\"presence\":{\"enabled\":true},"
                        + "\"broadcast\":{\"self\":true,\"ack\":true}}}"));
        client.nextText();
        assertThat(client.nextText()).isEqualTo(STATE);
        client.text(broadcast("2", TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(ok("1", "2", TOPIC));
        assertThat(before(client, "probe")).isEmpty();
    }

    // -- writing

    @Test
    void writeRightIsAskedOnce() throws Exception {
        server.topics.read(_ -> BROADCAST).write(_ -> TopicAccess.NONE);
        client.text(join("1", TOPIC, PRIVATE));
        client.nextText();
        assertThat(server.topics.asked()).isEqualTo(1);
        for (int i = 0; i < 5; i++) {
            client.text(broadcast("2", TOPIC, HELLO));
            assertThat(client.nextText())
                    .isEqualTo("[\"1\",\"2\",\"realtime:room\",\"phx_reply\",{\"status\":\"error\",\"response\":"
                            + "{\"reason\":\"Unauthorized: You do not have permissions to write to this Channel"
                            + " topic: room\"}}]");
        }
        assertThat(server.topics.asked()).isEqualTo(2);
        client.text(join("3", "realtime:quiet", "{\"config\":{\"private\":true}}"));
        client.nextText();
        client.text(broadcast("4", "realtime:quiet", HELLO));
        await().until(() -> server.sockets.stats().denied() == 6);
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void presenceWriterReadsPresenceFromThenOn() throws Exception {
        server.topics.read(_ -> TestingTopics.ALL).write(_ -> TopicAccess.NONE);
        client.text(join("1", TOPIC, PRIVATE));
        client.nextText();
        String track = "[\"1\",\"2\",\"" + TOPIC + "\",\"presence\",{\"event\":\"track\",\"payload\":{}}]";
        client.text(track);
        assertThat(client.nextText()).isEqualTo("""
                        ["1","2","realtime:room","phx_reply",{"status":"error","response":{}}]""");
        assertThat(server.topics.asked()).isEqualTo(3);
        client.text(track);
        client.nextText();
        assertThat(server.topics.asked()).isEqualTo(3);
    }

    // -- tokens

    @Test
    void newTokenIsAskedAbout() throws Exception {
        server.topics
                .read(q -> role(q).equals("anon") ? TestingTopics.ALL : BROADCAST)
                .write(_ -> TestingTopics.ALL);
        client.text(join("1", TOPIC, PRIVATE));
        client.nextText();
        client.text(broadcast("2", TOPIC, HELLO));
        client.nextText();
        client.nextText();
        server.topics.write(_ -> TopicAccess.NONE);
        client.text(accessToken("member"));
        client.text(broadcast("3", TOPIC, HELLO));
        assertThat(client.nextText()).contains("\"3\"").contains("Unauthorized");
    }

    @Test
    void rightLostWithNewTokenEndsChannel() throws Exception {
        String presence = """
                {"config":{"private":true,"presence":{"enabled":true}}}""";
        assertLost(presence, PRESENCE, "You no longer have permission to read from this Channel topic: room");
        assertLost(presence, TopicAccess.NONE, "You do not have permissions to read from this Channel topic: room");
        assertLost(PRIVATE, PRESENCE, "You do not have permissions to read from this Channel topic: room");
    }

    private void assertLost(String payload, TopicAccess rest, String message) throws Exception {
        server.topics.read(q -> role(q).equals("anon") ? TestingTopics.ALL : rest);
        client.text(join("1", TOPIC, payload));
        client.nextText();
        if (payload.contains("presence")) {
            assertThat(client.nextText()).isEqualTo(STATE);
        }
        client.text(accessToken("member"));
        assertThat(json(client.nextText()).get(4).path("message").asText()).isEqualTo(message);
        assertThat(client.nextText()).isEqualTo(CLOSED);
        assertThat(server.sockets.channels()).isZero();
    }

    @Test
    void gainedRightTakesEffectAtOnce() throws Exception {
        server.topics
                .read(q -> role(q).equals("anon") ? PRESENCE : TestingTopics.ALL)
                .write(_ -> TestingTopics.ALL);
        client.text(join(
                "1",
                TOPIC,
                "{\"config\":{\"private\":true,\"presence\":{\"enabled\":true},\"broadcast\":{\"self\":true}}}"));
        client.nextText();
        assertThat(client.nextText()).isEqualTo(STATE);
        client.text(broadcast("2", TOPIC, HELLO));
        client.text(accessToken("member"));
        client.text(broadcast("3", TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, HELLO));
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void failedTokenQuestionEndsChannel() throws Exception {
        server.topics.allowAll();
        client.text(join("1", TOPIC, PRIVATE));
        client.nextText();
        server.topics.read(_ -> {
            throw new TopicCheckException(Reason.UNREACHABLE, "for the test", new IllegalStateException());
        });
        client.text(accessToken("member"));
        assertThat(json(client.nextText()).get(4).path("message").asText())
                .isEqualTo("Realtime was unable to connect to the project database");
        assertThat(client.nextText()).isEqualTo(CLOSED);
    }

    private static String role(TopicQuestion question) {
        return question.viewer().role();
    }

    private static String accessToken(String role) {
        String token = TestingTokens.signed("{\"role\":\"" + role + "\",\"exp\":2100000000}");
        return "[\"1\",\"t\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + token + "\"}]";
    }
}
