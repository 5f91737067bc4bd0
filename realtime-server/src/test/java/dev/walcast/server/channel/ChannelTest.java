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

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingChangeFeed;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Joins, leaves, tokens and changes of channels, against the real server.
class ChannelTest {
    private static final String TOPIC = "realtime:room";
    private static final String TODOS = """
            {"config":{"postgres_changes":[{"event":"*","schema":"public","table":"todos"}]}}""";
    private static final String SUBSCRIBED = """
            ["1",null,"realtime:room","system",{"status":"ok","message":"Subscribed to PostgreSQL",\
            "extension":"postgres_changes","channel":"room"}]""";

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
            stop();
        }
        server = new TestingServer(limits);
        client = server.open();
    }

    // -- refs

    @Test
    void refIsReturnedAsSent() throws Exception {
        try (WireClient v1 = server.open("1.0.0")) {
            for (String ref : List.of("7", "-0", "1.50", "1e2", "12345678901234567890123", "true", "\"\"", "\"é\"")) {
                client.text("[" + ref + "," + ref + ",\"" + TOPIC + "\",\"phx_join\",{\"config\":{}}]");
                assertThat(client.nextText())
                        .startsWith("[" + ref + "," + ref + ",")
                        .contains("\"phx_reply\"");
                client.text("[null," + ref + ",\"phoenix\",\"heartbeat\",{}]");
                assertThat(client.nextText()).startsWith("[null," + ref + ",");
                client.text("[" + ref + "," + ref + ",\"" + TOPIC + "\",\"phx_leave\",{}]");
                assertThat(client.nextText())
                        .startsWith("[" + ref + "," + ref + ",")
                        .contains("\"phx_reply\"");
                assertThat(client.nextText())
                        .startsWith("[" + ref + "," + ref + ",")
                        .contains("\"phx_close\"");
                client.text("[" + ref + "," + ref + ",\"realtime:\",\"phx_join\",{}]");
                assertThat(client.nextText())
                        .startsWith("[" + ref + "," + ref + ",")
                        .contains("TopicNameRequired");
                v1.text("{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":" + ref + "}");
                assertThat(v1.nextText()).endsWith(",\"ref\":" + ref + "}");
            }
        }
    }

    @Test
    void leaveMatchesJoinRefByValue() throws Exception {
        client.text("[\"\\u0061\",\"\\/\",\"" + TOPIC + "\",\"phx_join\",{\"config\":{}}]");
        assertThat(client.nextText()).startsWith("[\"a\",\"/\",");
        client.text("[\"b\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        client.text("[0,\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        client.text("[{},\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        assertThat(before(client, "probe")).isEmpty();
        client.text("[\"a\",3,\"" + TOPIC + "\",\"phx_leave\",{}]");
        assertThat(client.nextText()).startsWith("[\"a\",3,");
        assertThat(client.nextText()).startsWith("[\"a\",\"a\",").contains("phx_close");
    }

    // -- joins

    @Test
    void refusedJoinDoesNotDelayTheSocket() throws Exception {
        start(TestingServer.limits().joinRefusalDelay(Duration.ofMillis(500)));
        client.text(join("1", "realtime:"));
        client.text(join("2", TOPIC));
        assertThat(client.nextText()).isEqualTo(joined("2", TOPIC));
        assertThat(before(client, "probe")).isEmpty();
        assertThat(client.nextText()).contains("TopicNameRequired");
    }

    @Test
    void replayOnPublicChannelIsRefused() throws Exception {
        client.text(join("1", TOPIC, "{\"config\":{\"broadcast\":{\"replay\":null}}}"));
        assertThat(reason(client.nextText()))
                .isEqualTo("UnableToReplayMessages: Replay is not allowed for public channels");
    }

    @Test
    void channelsOfSocketAreBounded() throws Exception {
        start(TestingServer.limits().channelsMax(2));
        client.text(join("1", "realtime:a"));
        client.text(join("2", "realtime:b"));
        client.nextText();
        client.nextText();
        client.text(join("3", "realtime:c"));
        assertThat(reason(client.nextText())).isEqualTo("ChannelRateLimitReached: Too many channels");
        client.text(join("4", "realtime:b"));
        assertThat(client.nextText()).isEqualTo(joined("4", "realtime:b"));
        assertThat(client.nextText()).isEqualTo("[\"2\",\"2\",\"realtime:b\",\"phx_close\",{}]");
        client.text("[\"1\",\"5\",\"realtime:a\",\"phx_leave\",{}]");
        client.nextText();
        client.nextText();
        client.text(join("6", "realtime:c"));
        assertThat(client.nextText()).isEqualTo(joined("6", "realtime:c"));
    }

    @Test
    void bindingsOfChannelAreBounded() throws Exception {
        start(TestingServer.limits().bindingsMax(1));
        client.text(join("1", TOPIC, "{\"config\":{\"postgres_changes\":[{},null,{}]}}"));
        assertThat(reason(client.nextText())).isEqualTo("InvalidJoinPayload: More than 1 postgres_changes entries");
    }

    @Test
    void topicTooLongForBinaryFramesIsRefusedOnV2() throws Exception {
        String longest = "realtime:" + "é".repeat(123);
        client.text(join("1", longest));
        assertThat(client.nextText()).isEqualTo(joined("1", longest));
        client.text(join("2", longest + "x"));
        assertThat(reason(client.nextText())).isEqualTo("InvalidJoinPayload: The topic is longer than 255 bytes");
        try (WireClient v1 = server.open("1.0.0")) {
            v1.text("{\"topic\":\"" + longest + "x\",\"event\":\"phx_join\",\"payload\":{\"config\":{}},\"ref\":null}");
            assertThat(v1.nextText()).contains("\"status\":\"ok\"").doesNotContain("join_ref");
        }
    }

    @Test
    void replyEchoesBindingsWithStableIds() throws Exception {
        String bindings = """
                [{"table":"a","event":"INSERT","schema":"public"},null,{"id":7,"filter":" x=eq.1 ","event":"*",\
                "deep":[1.50,{"u":"é\\ud83d\\ude00"}]},{"table":"a","event":"INSERT","schema":"public"},\
                {"table":"b"}]""";
        List<Integer> first = idsOf("1", "realtime:x", bindings);
        assertThat(first).hasSize(4).allMatch(id -> id > 0);
        assertThat(first.get(0)).isEqualTo(first.get(2)).isNotEqualTo(first.get(1));
        assertThat(idsOf("2", "realtime:y", bindings)).isEqualTo(first);
    }

    private List<Integer> idsOf(String ref, String topic, String bindings) throws Exception {
        client.text(join(ref, topic, "{\"config\":{\"postgres_changes\":" + bindings + "}}"));
        JsonNode entries = json(client.nextText()).get(4).path("response").path("postgres_changes");
        client.nextText();
        List<JsonNode> asked = new ArrayList<>();
        json(bindings).forEach(asked::add);
        asked.removeIf(JsonNode::isNull);
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            ids.add(entries.get(i).path("id").asInt());
            ((com.fasterxml.jackson.databind.node.ObjectNode) entries.get(i)).remove("id");
            ((com.fasterxml.jackson.databind.node.ObjectNode) asked.get(i)).remove("id");
        }
        assertThat(entries).containsExactlyElementsOf(asked);
        return ids;
    }

    @Test
    void replacedChannelWithoutRefGetsNoClose() throws Exception {
        client.text("[null,\"1\",\"" + TOPIC + "\",\"phx_join\",{\"config\":{}}]");
        client.text("[null,\"2\",\"" + TOPIC + "\",\"phx_join\",{\"config\":{}}]");
        assertThat(client.nextText()).contains("\"1\"").contains("phx_reply");
        assertThat(client.nextText()).contains("\"2\"").contains("phx_reply");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.channels()).isEqualTo(1);
    }

    @Test
    void refusedJoinEndsTheReplacedChannel() throws Exception {
        client.text(join("1", TOPIC));
        client.nextText();
        client.text(join("2", TOPIC, "{\"config\":{},\"access_token\":\"garbage\"}"));
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
        assertThat(reason(client.nextText())).isEqualTo("MalformedJWT: The token provided is not a valid JWT");
        assertThat(server.sockets.channels()).isZero();
    }

    // -- leaves

    @Test
    void leaveOfAnotherJoinIsIgnored() throws Exception {
        client.text(join("1", TOPIC));
        client.nextText();
        client.text("[\"9\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        assertThat(before(client, "probe")).isEmpty();
        client.text("[null,\"3\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        assertThat(client.nextText()).isEqualTo(ok("1", "3", TOPIC));
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
    }

    // -- broadcasts

    @Test
    void payloadIsForwardedToTheByte() throws Exception {
        String payload = """
                { "event" : "e",\t"n":[1.0, 1e20,-0,1E-7,123456789012345678901234567890123456789.10],\
                "s":"\\u00e9\\/\\ud83d", "a":1, "a":2, "":{} }""";
        client.text(join("1", TOPIC));
        client.nextText();
        client.text(broadcast("2", TOPIC, payload));
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, payload));
    }

    @Test
    void tooLargePayloadIsRefused() throws Exception {
        start(TestingServer.limits().payloadBytesMax(20));
        client.text(join("1", TOPIC));
        client.nextText();
        client.text(broadcast("2", TOPIC, "{\"event\":\"0123456789\"}"));
        assertThat(reason(client.nextText())).isEqualTo("payload_size_exceeded");
        client.text(broadcast("3", TOPIC, "{\"event\":\"01234567\"}"));
        assertThat(client.nextText()).isEqualTo(delivered(TOPIC, "{\"event\":\"01234567\"}"));
    }

    @Test
    void binaryPayloadNeverReachesV1() throws Exception {
        try (WireClient v1 = server.open("1.0.0")) {
            v1.text("""
                    {"topic":"realtime:r","event":"phx_join","payload":{"config":{}},"ref":"1"}""");
            v1.nextText();
            client.text(join("1", "realtime:r", "{\"config\":{\"broadcast\":{\"ack\":true}}}"));
            client.nextText();
            for (byte[] payload :
                    new byte[][] {{'{', 0, '}', 0}, {0, '1'}, {'"', (byte) 0xFF, '"'}, {'1', ' ', '2'}, {}}) {
                client.binary(userBroadcast(payload));
                assertThat(client.nextText()).isEqualTo(ok("1", "2", "realtime:r"));
            }
            client.binary(userBroadcast(new byte[] {'[', '1', ']'}));
            assertThat(v1.nextText()).isEqualTo("""
                            {"topic":"realtime:r","event":"broadcast","payload":{"type":"broadcast","event":"e",\
                            "payload":[1]},"ref":null}""");
        }
    }

    private static byte[] userBroadcast(byte[] payload) {
        byte[] head = {3, 1, 1, 10, 1, 0, 1, '1', '2', 'r', 'e', 'a', 'l', 't', 'i', 'm', 'e', ':', 'r', 'e'};
        byte[] frame = java.util.Arrays.copyOf(head, head.length + payload.length);
        System.arraycopy(payload, 0, frame, head.length, payload.length);
        return frame;
    }

    // -- tokens

    @Test
    void expiredTokenClosesOnlyTheChannel() throws Exception {
        String token = TestingTokens.anon(Instant.now().getEpochSecond() + 1);
        client.text(join("1", TOPIC, "{\"config\":{},\"access_token\":\"" + token + "\"}"));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        assertThat(client.nextText()).isEqualTo("""
                        ["1",null,"realtime:room","system",{"status":"error",\
                        "message":"Token has expired 0 seconds ago","extension":"system","channel":"room"}]""");
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.channels()).isZero();
    }

    @Test
    void freshTokenOutlivesTheOldOne() throws Exception {
        String token = TestingTokens.anon(Instant.now().getEpochSecond() + 1);
        client.text(join("1", TOPIC, "{\"config\":{},\"access_token\":\"" + token + "\"}"));
        client.nextText();
        client.text(accessToken("\"" + TestingTokens.ANON + "\""));
        assertThat(before(client, "probe")).isEmpty();
        Instant expired = Instant.now().plusSeconds(1);
        await().pollInterval(Duration.ofMillis(50)).until(() -> Instant.now().isAfter(expired));
        assertThat(before(client, "probe2")).isEmpty();
        assertThat(server.sockets.channels()).isEqualTo(1);
    }

    @Test
    void unchangedTokenIsIgnored() throws Exception {
        client.text(join("1", TOPIC, TODOS));
        client.nextText();
        client.nextText();
        for (String value : List.of("null", "5", "\"sb_publishable_x\"", "\"" + TestingTokens.ANON + "\"", "{}")) {
            client.text(accessToken(value));
        }
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"access_token\",{}]");
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"access_token\",[]]");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.feed.subscriptions()).hasSize(1);
    }

    @Test
    void badTokenClosesChannelWithReason() throws Exception {
        String forged = TestingTokens.signed("{\"alg\":\"HS256\"}", "{\"role\":\"anon\",\"exp\":2100000000}", "forged");
        String none = TestingTokens.signed("{\"alg\":\"none\"}", "{\"role\":\"anon\",\"exp\":2100000000}", "x");
        assertCloses("zzz", "The token provided is not a valid JWT");
        assertCloses("", "The token provided is not a valid JWT");
        assertCloses(forged, "Failed to validate JWT signature");
        assertCloses(none, "Failed to generate JWT signer, check your JWT secret or JWKS configuration");
        assertCloses(TestingTokens.signed("{\"role\":\"anon\"}"), "Fields `role` and `exp` are required in JWT");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.feed.subscriptions()).isEmpty();
    }

    private void assertCloses(String token, String message) throws Exception {
        client.text(join("1", TOPIC, TODOS));
        client.nextText();
        assertThat(client.nextText()).isEqualTo(SUBSCRIBED);
        client.text(accessToken("\"" + token + "\""));
        assertThat(json(client.nextText()).get(4).path("message").asText()).isEqualTo(message);
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
    }

    @Test
    void newTokenChangesTheViewer() throws Exception {
        client.text(join("1", TOPIC, TODOS));
        client.nextText();
        assertThat(client.nextText()).isEqualTo(SUBSCRIBED);
        client.text(accessToken("\"" + TestingTokens.signed("{\"role\":\"other\",\"exp\":2100000000}") + "\""));
        assertThat(client.nextText()).isEqualTo(SUBSCRIBED);
        assertThat(server.feed.subscriptions()).hasSize(1);
        assertThat(server.feed.subscriptions().getFirst().viewer().role()).isEqualTo("other");
    }

    // -- changes

    @Test
    void changeArrivesWithBindingsAndBytes() throws Exception {
        client.text(join("1", TOPIC, TODOS));
        int id = json(client.nextText())
                .get(4)
                .path("response")
                .path("postgres_changes")
                .get(0)
                .path("id")
                .asInt();
        client.nextText();
        TestingChangeFeed.Subscribed subscribed = server.feed.subscriptions().getFirst();
        assertThat(subscribed.viewer().role()).isEqualTo("anon");
        assertThat(subscribed.bindings().getFirst().id()).isEqualTo(id);
        server.feed.emit(subscribed, "INSERT", "{ \"n\": 9223372036854775807}");
        assertThat(client.nextText())
                .isEqualTo("[null,null,\"realtime:room\",\"postgres_changes\",{\"ids\":[" + id
                        + "],\"data\":{ \"n\": 9223372036854775807}}]");
    }

    @Test
    void refusedSubscriptionKeepsTheChannel() throws Exception {
        server.feed.refuse(_ -> java.util.Optional.of("no such \"table\""));
        client.text(join("1", TOPIC, TODOS));
        client.nextText();
        assertThat(client.nextText()).isEqualTo("""
                        ["1",null,"realtime:room","system",{"status":"error","message":"no such \\"table\\"",\
                        "extension":"postgres_changes","channel":"room"}]""");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.channels()).isEqualTo(1);
    }

    @Test
    void nothingFollowsTheCloseOfLeave() throws Exception {
        client.text(join("1", TOPIC, TODOS));
        client.nextText();
        client.nextText();
        TestingChangeFeed.Subscribed subscribed = server.feed.subscriptions().getFirst();
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        client.nextText();
        client.nextText();
        server.feed.emit(subscribed, "INSERT", "{}");
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.feed.subscriptions()).isEmpty();
    }

    @Test
    void failingFeedEndsOnlyTheChannel() throws Exception {
        server.feed.refuse(subscribed -> {
            throw new IllegalStateException("for the test");
        });
        client.text(join("1", TOPIC, TODOS));
        assertThat(client.nextText()).contains("\"status\":\"ok\"");
        assertThat(client.nextText()).isEqualTo("""
                        ["1","1","realtime:room","phx_error",{"reason":"channel_crash"}]""");
        client.text(join("2", "realtime:other"));
        assertThat(client.nextText()).isEqualTo(joined("2", "realtime:other"));
    }

    // -- residue

    @Test
    void manyJoinsAndLeavesLeaveNothing() throws Exception {
        for (int i = 0; i < 3_000; i++) {
            String topic = "realtime:t" + (i % 50);
            client.text(join("j" + i, topic, TODOS));
            client.nextText();
            client.nextText();
            client.text("[null,\"l" + i + "\",\"" + topic + "\",\"phx_leave\",{}]");
            client.nextText();
            client.nextText();
        }
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.channels()).isZero();
        assertThat(server.sockets.openRooms()).isZero();
        assertThat(server.sockets.waitingTimers()).isZero();
        assertThat(server.feed.subscriptions()).isEmpty();
    }

    private static String accessToken(String value) {
        return "[\"1\",\"t\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":" + value + "}]";
    }

    private static String reason(String reply) {
        return json(reply).get(4).path("response").path("reason").asText();
    }
}
