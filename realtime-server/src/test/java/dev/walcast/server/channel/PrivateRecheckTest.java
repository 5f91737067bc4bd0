package dev.walcast.server.channel;

import static dev.walcast.server.channel.PendingJoinTest.waitFor;
import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.broadcast;
import static dev.walcast.server.testing.TestingServer.delivered;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.json;
import static dev.walcast.server.testing.TestingServer.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Rights that change, or cannot be confirmed, while a private channel is joined.
class PrivateRecheckTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final String TOPIC = "realtime:room";
    private static final String PRIVATE = """
            {"config":{"private":true,"broadcast":{"self":true,"ack":true}}}""";
    private static final String HELLO = "{\"event\":\"e\",\"payload\":{}}";
    private static final String CLOSED = "[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]";

    private TestingServer server;
    private WireClient client;

    @BeforeEach
    void start() throws Exception {
        start(LONG, LONG);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    private void start(Duration recheck, Duration grace) throws Exception {
        start(TestingServer.limits().privateRecheck(recheck, grace));
    }

    private void start(TestingLimits limits) throws Exception {
        if (server != null) {
            client.close();
            server.close();
        }
        server = new TestingServer(limits);
        client = server.open();
        server.topics.allowAll();
    }

    private void joinRoom() throws Exception {
        client.text(join("1", TOPIC, PRIVATE));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
    }

    private void send(String payload) {
        server.sockets
                .rooms()
                .broadcast(
                        new Broadcast.Text(
                                new Topic(TOPIC),
                                Slice.of(("{\"event\":\"e\",\"payload\":" + payload + "}").getBytes(UTF_8))),
                        true);
    }

    private void assertClosedBecause(String message) throws Exception {
        assertThat(json(client.nextText()).get(4).path("message").asText()).isEqualTo(message);
        assertThat(client.nextText()).isEqualTo(CLOSED);
        assertThat(server.sockets.channels()).isZero();
        assertThat(server.sockets.privateRights().size()).isZero();
    }

    private static TopicAccess unreachable() throws TopicCheckException {
        throw new TopicCheckException(Reason.UNREACHABLE, "for the test");
    }

    // -- rights that are lost

    @Test
    void lostReadRightEndsChannelAtOnce() throws Exception {
        joinRoom();
        server.topics.read(_ -> TopicAccess.NONE);
        server.sockets.privateRights().recheckSoon();
        assertClosedBecause("You do not have permissions to read from this Channel topic: room");
        send("1");
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void lostReadRightEndsChannelInPeriod() throws Exception {
        start(SHORT, LONG);
        joinRoom();
        server.topics.read(_ -> TopicAccess.NONE);
        assertClosedBecause("You do not have permissions to read from this Channel topic: room");
    }

    @Test
    void partlyLostReadRightEndsChannel() throws Exception {
        client.text(join("1", TOPIC, "{\"config\":{\"private\":true,\"presence\":{\"enabled\":true}}}"));
        client.nextText();
        client.nextText();
        server.topics.read(_ -> new TopicAccess(true, false));
        server.sockets.privateRights().recheckSoon();
        assertClosedBecause("You no longer have permission to read from this Channel topic: room");
    }

    @Test
    void lostWriteRightRefusesNextPush() throws Exception {
        joinRoom();
        client.text(broadcast("2", TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, HELLO));
        client.nextText();
        server.topics.write(_ -> TopicAccess.NONE);
        server.sockets.privateRights().recheckSoon();
        await().untilAsserted(() -> {
            client.text(broadcast("3", TOPIC, HELLO));
            assertThat(client.nextText()).contains("\"3\"", "Unauthorized");
        });
        send("1");
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, "{\"event\":\"e\",\"payload\":1}"));
    }

    @Test
    void lostWriteRightIsNoticedInPeriod() throws Exception {
        start(SHORT, LONG);
        joinRoom();
        client.text(broadcast("2", TOPIC, HELLO));
        client.nextText();
        client.nextText();
        server.topics.write(_ -> TopicAccess.NONE);
        await().untilAsserted(() -> {
            client.text(broadcast("3", TOPIC, HELLO));
            List<String> answers = before(client, "probe");
            assertThat(answers).isNotEmpty();
            assertThat(answers.getLast()).contains("Unauthorized");
        });
    }

    @Test
    void gainedPresenceRightTakesEffect() throws Exception {
        server.topics.read(_ -> new TopicAccess(true, false));
        client.text(join("1", TOPIC, "{\"config\":{\"private\":true,\"presence\":{\"enabled\":true}}}"));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        server.topics.allowAll();
        server.sockets.privateRights().recheckSoon();
        assertThat(client.nextText()).contains("presence_state");
    }

    @Test
    void restoredRightNeedsNewJoin() throws Exception {
        joinRoom();
        server.topics.read(_ -> TopicAccess.NONE);
        server.sockets.privateRights().recheckSoon();
        assertClosedBecause("You do not have permissions to read from this Channel topic: room");
        server.topics.allowAll();
        send("1");
        assertThat(before(client, "probe")).isEmpty();
        joinRoom();
        send("2");
        assertThat(client.nextText()).contains("\"payload\":2");
    }

    // -- a database that does not answer

    @Test
    void unconfirmedRightsDeliverNothing() throws Exception {
        start(Duration.ofMillis(100), Duration.ofMillis(200));
        joinRoom();
        server.topics.read(_ -> unreachable());
        await().until(() -> server.sockets.privateRights().reasons().toList().equals(stale()));
        send("1");
        assertThat(json(client.nextText()).get(4).path("message").asText())
                .isEqualTo("Realtime was unable to connect to the project database");
        assertThat(client.nextText()).contains("phx_error");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.channels()).isZero();
    }

    @Test
    void hangingQuestionConfirmsNothing() throws Exception {
        CountDownLatch hung = new CountDownLatch(1);
        start(Duration.ofMillis(100), Duration.ofMillis(200));
        joinRoom();
        server.topics.read(_ -> {
            waitFor(hung);
            return TestingTopics.ALL;
        });
        await().until(() -> server.sockets.privateRights().reasons().toList().equals(stale()));
        send("1");
        assertThat(client.nextText()).contains("unable to connect");
        assertThat(client.nextText()).contains("phx_error");
        hung.countDown();
    }

    @Test
    void recheckContinuesAfterError() throws Exception {
        AtomicInteger failed = new AtomicInteger();
        start(SHORT, LONG);
        joinRoom();
        server.topics.read(_ -> {
            if (failed.incrementAndGet() < 3) {
                throw new StackOverflowError("for the test");
            }
            return TopicAccess.NONE;
        });
        assertClosedBecause("You do not have permissions to read from this Channel topic: room");
    }

    @Test
    void shortOutageGoesUnnoticed() throws Exception {
        AtomicInteger failed = new AtomicInteger();
        start(Duration.ofMillis(200), LONG);
        joinRoom();
        server.topics.read(_ -> {
            failed.incrementAndGet();
            return unreachable();
        });
        await().until(() -> failed.get() >= 3);
        send("1");
        assertThat(client.nextText()).contains("\"payload\":1");
        assertThat(server.sockets.privateRights().reasons()).isEmpty();
    }

    private static List<HealthReason> stale() {
        return List.of(HealthReason.PRIVATE_RIGHTS_STALE);
    }

    // -- costs

    @Test
    void equalQuestionsAreAskedOnce() throws Exception {
        int channels = 40;
        try (WireClient other = server.open()) {
            for (WireClient one : List.of(client, other)) {
                for (int i = 0; i < channels; i++) {
                    one.text(join("1", "realtime:t" + i, PRIVATE));
                    one.nextText();
                }
            }
            assertThat(server.sockets.privateRights().size()).isEqualTo(channels);
            int asked = server.topics.asked();
            server.sockets.privateRights().recheckSoon();
            await().until(() -> server.topics.asked() >= asked + channels);
            for (int i = 0; i < 100; i++) {
                server.sockets.privateRights().recheckSoon();
            }
            await().until(() -> server.topics.asked() >= asked + 2 * channels);
            assertThat(server.topics.asked())
                    .as("the calls count as one or two")
                    .isLessThanOrEqualTo(asked + 3 * channels);
        }
    }

    @Test
    void recheckStormLeavesPermitsToJoins() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        start(TestingServer.limits().topicChecksMax(4).privateRecheck(LONG, LONG));
        for (int i = 0; i < 50; i++) {
            client.text(join("1", "realtime:old" + i, PRIVATE));
            client.nextText();
        }
        server.topics.read(question -> {
            if (question.topic().startsWith("old")) {
                waitFor(answer);
            }
            return TestingTopics.ALL;
        });
        server.sockets.privateRights().recheckSoon();
        await().until(() -> server.topics.asking() == 1);
        client.text(join("2", "realtime:new", PRIVATE));
        assertThat(client.nextText()).isEqualTo(joined("2", "realtime:new"));
        assertThat(server.topics.asking()).isEqualTo(1);
        answer.countDown();
    }

    @Test
    void slowRechecksLeaveTurnsToOthers() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        start(TestingServer.limits().topicChecksMax(8).clientShare(50).privateRecheck(LONG, LONG));
        String greedy = TestingTokens.signed("{\"role\":\"member\",\"exp\":2100000000,\"sub\":\"greedy\"}");
        String config = "{\"config\":{\"private\":true},\"access_token\":\"" + greedy + "\"}";
        try (WireClient other = server.open()) {
            for (int i = 0; i < 20; i++) {
                other.text(join("1", "realtime:slow" + i, config));
                other.nextText();
            }
            joinRoom();
            CountDownLatch asked = new CountDownLatch(1);
            server.topics.read(question -> {
                if (question.topic().startsWith("slow")) {
                    waitFor(answer);
                } else {
                    asked.countDown();
                }
                return TestingTopics.ALL;
            });
            server.sockets.privateRights().recheckSoon();
            assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            await().until(() -> server.topics.asking() == 1);
            answer.countDown();
        }
    }

    @Test
    void leftChannelsAreNotRechecked() throws Exception {
        joinRoom();
        client.text(join("2", "realtime:other", PRIVATE));
        client.nextText();
        client.text("[\"1\",\"3\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        client.nextText();
        client.nextText();
        assertThat(server.sockets.privateRights().size()).isEqualTo(1);
        client.close();
        await().until(() -> server.sockets.privateRights().size() == 0);
    }

    // -- order

    @Test
    void recheckOfOldTokenIsIgnored() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        joinRoom();
        server.topics.read(question -> {
            if (question.viewer().role().equals("anon")) {
                waitFor(answer);
                return TopicAccess.NONE;
            }
            return TestingTopics.ALL;
        });
        server.sockets.privateRights().recheckSoon();
        await().until(() -> server.topics.asking() == 1);
        String member = TestingTokens.signed("{\"role\":\"member\",\"exp\":2100000000}");
        client.text("[\"1\",\"t\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + member + "\"}]");
        client.text(broadcast("2", TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(ok("1", "2", TOPIC));
        answer.countDown();
        await().until(() -> server.topics.asking() == 0);
        client.text(broadcast("3", TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, HELLO));
        assertThat(client.nextText()).isEqualTo(ok("1", "3", TOPIC));
    }

    @Test
    void nothingIsDeliveredDuringTokenQuestion() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        joinRoom();
        server.topics.read(_ -> {
            waitFor(answer);
            return TestingTopics.ALL;
        });
        String member = TestingTokens.signed("{\"role\":\"member\",\"exp\":2100000000}");
        client.text("[\"1\",\"t\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + member + "\"}]");
        await().until(() -> server.topics.asking() == 1);
        send("1");
        send("2");
        assertThat(before(client, "probe")).isEmpty();
        answer.countDown();
        assertThat(client.nextText()).contains("\"payload\":1");
        assertThat(client.nextText()).contains("\"payload\":2");
    }

    @Test
    void heldMessagesAreDroppedForRefusedToken() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        joinRoom();
        server.topics.read(_ -> {
            waitFor(answer);
            return TopicAccess.NONE;
        });
        String member = TestingTokens.signed("{\"role\":\"member\",\"exp\":2100000000}");
        client.text("[\"1\",\"t\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + member + "\"}]");
        await().until(() -> server.topics.asking() == 1);
        send("1");
        answer.countDown();
        assertClosedBecause("You do not have permissions to read from this Channel topic: room");
    }

    @Test
    void tooManyHeldMessagesEndChannel() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        joinRoom();
        server.topics.read(_ -> {
            waitFor(answer);
            return TestingTopics.ALL;
        });
        String member = TestingTokens.signed("{\"role\":\"member\",\"exp\":2100000000}");
        client.text("[\"1\",\"t\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + member + "\"}]");
        await().until(() -> server.topics.asking() == 1);
        for (int i = 0; i <= HeldFrames.FRAMES_MAX; i++) {
            send("1");
        }
        answer.countDown();
        assertThat(client.nextText()).contains("Too many messages wait");
        assertThat(client.nextText()).contains("phx_error");
    }

    @Test
    void recheckAfterLeaveIsSilent() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        joinRoom();
        server.topics.read(_ -> {
            waitFor(answer);
            return TopicAccess.NONE;
        });
        server.sockets.privateRights().recheckSoon();
        await().until(() -> server.topics.asking() == 1);
        client.text("[\"1\",\"3\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        client.nextText();
        assertThat(client.nextText()).isEqualTo(CLOSED);
        answer.countDown();
        await().until(() -> server.topics.asking() == 0);
        assertThat(before(client, "probe")).isEmpty();
    }

    /// The join uses the answer to its question. Changes in the meantime are asked about at once.
    @Test
    void changeDuringJoinIsRechecked() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        server.topics.read(_ -> {
            if (asked.incrementAndGet() > 1) {
                return TopicAccess.NONE;
            }
            waitFor(answer);
            return TestingTopics.ALL;
        });
        client.text(join("1", TOPIC, PRIVATE));
        await().until(() -> server.topics.asking() == 1);
        server.sockets.privateRights().recheckSoon();
        answer.countDown();
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        assertClosedBecause("You do not have permissions to read from this Channel topic: room");
    }

    // -- streams

    private EventReader stream() throws Exception {
        return EventReader.open(
                "http://127.0.0.1:" + server.port() + "/realtime/v1/broadcast?topic=room&private=true",
                "apikey",
                TestingTokens.ANON);
    }

    @Test
    void streamEndsWithItsRight() throws Exception {
        try (EventReader reader = stream()) {
            send("1");
            assertThat(reader.next("message").json().get("payload").asInt()).isEqualTo(1);
            server.topics.read(_ -> TopicAccess.NONE);
            server.sockets.privateRights().recheckSoon();
            JsonNode error = reader.next("error").json();
            assertThat(error.get("code").asText()).isEqualTo("Unauthorized");
            reader.assertEnds();
            await().until(() -> server.sockets.privateRights().size() == 0);
        }
    }

    @Test
    void streamWithUnconfirmedRightEnds() throws Exception {
        start(Duration.ofMillis(100), Duration.ofMillis(200));
        try (EventReader reader = stream()) {
            server.topics.read(_ -> unreachable());
            await().until(() ->
                    server.sockets.privateRights().reasons().toList().equals(stale()));
            send("1");
            assertThat(reader.next("error").json().get("code").asText()).isEqualTo("UnableToSetPolicies");
            reader.assertEnds();
        }
    }
}
