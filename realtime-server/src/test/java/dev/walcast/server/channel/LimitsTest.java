package dev.walcast.server.channel;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.broadcast;
import static dev.walcast.server.testing.TestingServer.delivered;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.json;
import static dev.walcast.server.testing.TestingServer.ok;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The limits of clients, each by itself and all together, and the refusals beyond them.
class LimitsTest {
    private static final String TOPIC = "realtime:room";
    private static final String HELLO = "{\"event\":\"e\",\"payload\":{}}";

    private TestingServer server;
    private WireClient client;

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    private void start(TestingLimits limits) throws Exception {
        server = new TestingServer(limits);
        client = server.open();
    }

    // -- users

    @Test
    void usersAreBounded() throws Exception {
        start(TestingServer.limits().usersMax(1));
        try (WireClient early = server.open()) {
            client.text(join("1", TOPIC));
            client.nextText();
            early.text(join("1", TOPIC));
            assertRefused(early.nextText(), "ConnectionRateLimitReached", "Too many connected users", 1, 1);
            try (WireClient late = server.open()) {
                assertThat(late.status()).isEqualTo(429);
                assertThat(json(late.body()).path("current").asInt()).isEqualTo(1);
            }
            client.text(join("2", "realtime:other"));
            assertThat(client.nextText()).isEqualTo(joined("2", "realtime:other"));
            client.reset();
            await().until(() -> server.sockets.users() == 0);
            early.text(join("2", TOPIC));
            assertThat(early.nextText()).isEqualTo(joined("2", TOPIC));
        }
    }

    @Test
    void userKeepsItsPlaceUntilDisconnect() throws Exception {
        start(TestingServer.limits());
        for (int i = 0; i < 3; i++) {
            client.text(join("1", TOPIC));
            client.nextText();
            client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
            client.nextText();
            client.nextText();
            assertThat(server.sockets.users()).isEqualTo(1);
        }
        client.reset();
        await().until(() -> server.sockets.users() == 0);
    }

    // -- joins

    @Test
    void joinFloodUsesOnlyItsOwnBudget() throws Exception {
        start(TestingServer.limits().clientJoins(2, 3).joins(1_000, 10));
        for (int i = 0; i < 50; i++) {
            client.text(join("j" + i, "realtime:t" + i));
        }
        for (int i = 0; i < 3; i++) {
            assertThat(client.nextText()).isEqualTo(joined("j" + i, "realtime:t" + i));
        }
        // Each refusal waits by itself, so they come in any order.
        Map<String, String> refusals = new HashMap<>();
        for (int i = 3; i < 50; i++) {
            String refusal = client.nextText();
            assertThat(refusal).contains("ClientJoinRateLimitReached");
            refusals.put(json(refusal).get(0).asText(), refusal);
        }
        assertThat(refusals).hasSize(47);
        String first = requireNonNull(refusals.get("j3"));
        assertRefused(first, "ClientJoinRateLimitReached", "Too many joins per second", 2, 4);
        try (WireClient other = server.open()) {
            other.text(join("1", TOPIC));
            assertThat(other.nextText()).isEqualTo(joined("1", TOPIC));
        }
        server.time.pass(Duration.ofMillis(500));
        client.text(join("again", TOPIC));
        assertThat(client.nextText()).isEqualTo(joined("again", TOPIC));
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void joinsOfAllClientsAreBounded() throws Exception {
        start(TestingServer.limits().joins(1, 2));
        client.text(join("1", "realtime:a"));
        client.text(join("2", "realtime:b"));
        client.nextText();
        client.nextText();
        try (WireClient late = server.open()) {
            assertThat(late.status()).isEqualTo(429);
            assertThat(late.body()).startsWith("{\"error\":\"Too many joins per second\"");
        }
        client.text(join("3", "realtime:c"));
        assertRefused(client.nextText(), "ClientJoinRateLimitReached", "Too many joins per second", 1, 3);
        assertThat(before(client, "probe")).isEmpty();
        server.time.pass(Duration.ofSeconds(1));
        try (WireClient late = server.open()) {
            assertThat(late.status()).isEqualTo(101);
        }
    }

    @Test
    void refusedJoinsAreNotKept() throws Exception {
        start(TestingServer.limits().channelsMax(100).clientJoins(1_000, 10_000).joinRefusalDelay(Duration.ofHours(1)));
        for (int i = 0; i < 5_000; i++) {
            client.text(join("j", "realtime:t" + i));
        }
        assertThat(before(client, "probe")).hasSize(100);
        assertThat(server.sockets.channels()).isEqualTo(100);
        assertThat(server.sockets.waitingTimers()).isLessThanOrEqualTo(1_000 + 100);
        assertThat(server.sockets.stats().dropped()).isEqualTo(5_000 - 100 - 1_000);
    }

    @Test
    void waitingRepliesEndWithTheirSocket() throws Exception {
        start(TestingServer.limits().bindingsMax(1).joinRefusalDelay(Duration.ofHours(1)));
        String refused = "{\"config\":{\"postgres_changes\":[{},{}]}}";
        try (WireClient leaving = server.open();
                WireClient browser = WireClient.open(
                        server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=none", Map.of("Origin", "x"))) {
            leaving.text(join("1", TOPIC, refused));
            leaving.text(join("2", TOPIC, refused));
            browser.text(join("1", TOPIC, "{}"));
            assertThat(before(leaving, "probe")).isEmpty();
            assertThat(before(browser, "probe")).isEmpty();
            // the last one ends the socket that only reports the refusal of its token
            assertThat(server.sockets.waitingTimers()).isEqualTo(2 + 1 + 1);
        }
        await().until(() -> server.sockets.waitingTimers() == 0);
    }

    // -- channels

    @Test
    void refusalNamesLimitAndCurrentValue() throws Exception {
        start(TestingServer.limits().channelsMax(1).bindingsMax(1));
        client.text(join("1", TOPIC));
        client.nextText();
        client.text(join("2", "realtime:other"));
        assertRefused(client.nextText(), "ChannelRateLimitReached", "Too many channels", 1, 1);
        client.text(join("3", TOPIC, "{\"config\":{\"postgres_changes\":[{},{},{}]}}"));
        client.nextText();
        assertRefused(client.nextText(), "InvalidJoinPayload", "More than 1 postgres_changes entries", 1, 3);
    }

    // -- messages

    @Test
    void sendingTooMuchClosesTheChannel() throws Exception {
        start(TestingServer.limits().messages(2, 3));
        try (WireClient other = server.open()) {
            other.text(join("1", TOPIC));
            other.nextText();
            client.text(join("1", TOPIC));
            client.nextText();
            for (int i = 0; i < 5; i++) {
                client.text(broadcast("b" + i, TOPIC, HELLO));
            }
            for (int i = 0; i < 3; i++) {
                assertThat(client.nextText()).isEqualTo(delivered(TOPIC, HELLO));
                assertThat(client.nextText()).isEqualTo(ok("1", "b" + i, TOPIC));
                assertThat(other.nextText()).isEqualTo(delivered(TOPIC, HELLO));
            }
            assertThat(client.nextText()).isEqualTo("""
                            ["1",null,"realtime:room","system",{"status":"error",\
                            "message":"Too many messages per second","extension":"system","channel":"room",\
                            "code":"MessagePerSecondRateLimitReached","limit":2,"current":4}]""");
            assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
            assertThat(client.nextText()).contains("unmatched topic");
            assertThat(before(other, "probe")).isEmpty();
            other.text(broadcast("2", TOPIC, HELLO));
            assertThat(other.nextText()).isEqualTo(delivered(TOPIC, HELLO));
        }
    }

    @Test
    void receivingCostsNothing() throws Exception {
        start(TestingServer.limits().messages(1, 100));
        try (WireClient listener = server.open()) {
            listener.text(join("1", TOPIC));
            listener.nextText();
            client.text(join("1", TOPIC, "{\"config\":{}}"));
            client.nextText();
            for (int i = 0; i < 100; i++) {
                client.text(broadcast("b", TOPIC, HELLO));
                assertThat(listener.nextText()).isEqualTo(delivered(TOPIC, HELLO));
            }
            for (int i = 0; i < 100; i++) {
                listener.text(broadcast("b", TOPIC, HELLO));
                assertThat(listener.nextText()).isEqualTo(delivered(TOPIC, HELLO));
                assertThat(listener.nextText()).isEqualTo(ok("1", "b", TOPIC));
            }
        }
    }

    @Test
    void rejoinDoesNotRefillBudget() throws Exception {
        start(TestingServer.limits().messages(1, 1));
        for (String ref : new String[] {"1", "2"}) {
            client.text(join(ref, TOPIC, "{\"config\":{}}"));
            client.nextText();
            client.text(broadcast("a", TOPIC, HELLO));
            client.text(broadcast("b", TOPIC, HELLO));
            assertThat(client.nextText()).contains("Too many messages per second");
            assertThat(client.nextText()).contains("phx_close");
            if (ref.equals("2")) {
                assertThat(client.nextText()).contains("unmatched topic");
            }
        }
    }

    @Test
    void unknownEventsAndTokensCountAsMessages() throws Exception {
        start(TestingServer.limits().messages(1, 2));
        client.text(join("1", TOPIC));
        client.nextText();
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"nonsense\",{}]");
        client.text(
                "[\"1\",\"3\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + TestingTokens.ANON + "\"}]");
        client.text("[\"1\",\"4\",\"" + TOPIC + "\",\"nonsense\",{}]");
        assertThat(client.nextText()).contains("Too many messages per second");
    }

    @Test
    void tooManyMessagesRefusePendingJoin() throws Exception {
        start(TestingServer.limits().messages(1, 1));
        CountDownLatch answer = new CountDownLatch(1);
        server.topics.read(_ -> {
            PendingJoinTest.waitFor(answer);
            return TestingTopics.ALL;
        });
        client.text(join("1", TOPIC, "{\"config\":{\"private\":true}}"));
        client.text(broadcast("2", TOPIC, HELLO));
        client.text(broadcast("3", TOPIC, HELLO));
        assertRefused(client.nextText(), "MessagePerSecondRateLimitReached", "Too many messages per second", 1, 2);
        answer.countDown();
        await().until(() -> server.topics.asking() == 0);
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.openRooms()).isZero();
    }

    // -- presence

    @Test
    void presenceRateIsPerSocket() throws Exception {
        start(TestingServer.limits().presence(1, 3).presenceWindow(100));
        for (String topic : List.of("realtime:p1", "realtime:p2")) {
            client.text(join("1", topic));
            client.nextText();
        }
        for (int i = 0; i < 3; i++) {
            client.text("[\"1\",\"2\",\"realtime:p1\",\"presence\",{}]");
            client.nextText();
        }
        client.text("[\"1\",\"3\",\"realtime:p2\",\"presence\",{}]");
        assertThat(client.nextText()).contains("Too many presence messages per second");
    }

    @Test
    void presencePushWithoutBudgetIsNotParsed() throws Exception {
        start(TestingServer.limits().presenceWindow(1));
        client.text(join("1", TOPIC));
        client.nextText();
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"presence\",{\"event\":\"x\"}]");
        client.nextText();
        String large = "{\"no event\":\"" + "x".repeat(10_000) + "\"}";
        client.text("[\"1\",\"3\",\"" + TOPIC + "\",\"presence\"," + large + "]");
        assertThat(client.nextText()).contains("Client presence rate limit exceeded");
    }

    @Test
    void sixthPresencePushInWindowEndsChannel() throws Exception {
        start(TestingServer.limits());
        client.text(join("1", TOPIC));
        client.nextText();
        for (int i = 0; i < 5; i++) {
            client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"presence\",{\"event\":\"nonsense\"}]");
            assertThat(client.nextText()).contains("\"status\":\"error\"");
        }
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"presence\",{}]");
        assertThat(client.nextText()).contains("\"status\":\"ok\"");
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"presence\",{\"event\":\"track\",\"payload\":{}}]");
        JsonNode note = json(client.nextText()).get(4);
        assertThat(note.path("message").asText()).isEqualTo("Client presence rate limit exceeded");
        assertThat(note.path("code").asText()).isEqualTo("ClientPresenceRateLimitReached");
        assertThat(note.path("limit").asInt()).isEqualTo(5);
        assertThat(client.nextText()).contains("phx_close");
    }

    private static void assertRefused(String reply, String code, String text, int limit, int current) {
        JsonNode response = json(reply).get(4).path("response");
        assertThat(response.path("reason").asText()).isEqualTo(code + ": " + text);
        assertThat(response.path("code").asText()).isEqualTo(code);
        assertThat(response.path("limit").asInt()).isEqualTo(limit);
        assertThat(response.path("current").asInt()).isEqualTo(current);
    }
}
