package dev.walcast.server.channel;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics.Stored;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import dev.walcast.server.topic.Replay;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Stored broadcasts that are replayed at the join, and the notice that database broadcasts arrive.
class ReplayTest {
    private static final String TOPIC = "realtime:log";
    private static final Instant BEGIN = Instant.ofEpochMilli(1_763_407_103_911L);
    private static final String SINCE = "\"since\":1763407103911";

    private TestingServer server;
    private WireClient client;

    @BeforeEach
    void start() throws Exception {
        server = new TestingServer(TestingServer.limits());
        server.topics.allowAll();
        client = server.open();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    @Test
    void newestMessagesComeOldestFirst() throws Exception {
        for (int i = 0; i < 30; i++) {
            store("m" + i, BEGIN.plusSeconds(i), "{\"n\": 1.50}");
        }
        client.text(join("1", TOPIC, replay("{" + SINCE + ",\"limit\":2}")));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        assertThat(client.nextText()).isEqualTo("""
                        ["1",null,"realtime:log","broadcast",{"type":"broadcast","event":"e","payload":{"n": 1.50},\
                        "meta":{"id":"m28","replayed":true}}]""");
        assertThat(client.nextText()).contains("\"m29\"");
        assertThat(before(client, "probe")).isEmpty();
        Map<String, Integer> limits = Map.of(
                "",
                25,
                ",\"limit\":100",
                25,
                ",\"limit\":0",
                1,
                ",\"limit\":-3",
                1,
                ",\"limit\":1e2",
                -1,
                ",\"limit\":123456789012345678901234567890",
                25);
        for (Map.Entry<String, Integer> limit : limits.entrySet()) {
            client.text(join("2", "realtime:log", replay("{" + SINCE + limit.getKey() + "}")));
            if (limit.getValue() > 0) {
                assertReplayed(limit.getValue());
            } else {
                assertInvalid();
            }
        }
    }

    @Test
    void invalidReplayRequestIsRefused() throws Exception {
        for (String wrong : List.of(
                "{}",
                "{\"since\":null}",
                "{\"since\":\"1763407103911\"}",
                "{\"since\":1.5}",
                "{\"since\":-1}",
                "{\"since\":99999999999999999}",
                "{\"since\":999999999999999999999999}",
                "{" + SINCE + ",\"limit\":null}",
                "{" + SINCE + ",\"limit\":\"2\"}",
                "{" + SINCE + ",\"limit\":2.0}")) {
            client.text(join("1", TOPIC, replay(wrong)));
            assertInvalid();
        }
        assertThat(server.sockets.openRooms()).isZero();
        for (String nothing : List.of("null", "[]", "true", "\"x\"")) {
            client.text(join("1", TOPIC, replay(nothing)));
            assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
            client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
            client.nextText();
            client.nextText();
        }
    }

    private void assertInvalid() throws Exception {
        String text = client.nextText();
        while (text.contains("phx_close")) {
            text = client.nextText();
        }
        assertThat(reason(text)).isEqualTo("UnableToReplayMessages: Replay params are not valid");
    }

    @Test
    void replayNeedsReadRight() throws Exception {
        server.topics.read(_ -> new TopicAccess(false, true));
        store("m", BEGIN, "{}");
        client.text(join(
                "1",
                TOPIC,
                "{\"config\":{\"private\":true,\"presence\":{\"enabled\":true},\"broadcast\":{\"replay\":{" + SINCE
                        + "}}}}"));
        assertThat(reason(client.nextText()))
                .isEqualTo("Unauthorized: You do not have permissions to read from this Channel topic: log");
        client.text(join("2", TOPIC, "{\"config\":{\"private\":true,\"presence\":{\"enabled\":true}}}"));
        assertThat(client.nextText()).isEqualTo(joined("2", TOPIC));
        assertThat(client.nextText()).contains("\"presence_state\"");
        live("m2");
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void liveMessagesFollowTheReplayOnce() throws Exception {
        store("m1", BEGIN, "{}");
        store("m2", BEGIN.plusSeconds(1), "{}");
        server.topics.whileReadingHistory(() -> {
            live("m2");
            live("m3");
        });
        client.text(join("1", TOPIC, replay("{" + SINCE + "}")));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        assertThat(client.nextText()).contains("\"m1\"");
        assertThat(client.nextText()).contains("\"m2\"");
        assertLive("m3");
        live("m1");
        live("m3");
        assertLive("m3");
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void overtakenReplayFailsTheJoin() throws Exception {
        server.topics.whileReadingHistory(() -> {
            for (int i = 0; i <= Replay.HELD_MAX; i++) {
                live("m" + i);
            }
        });
        client.text(join("1", TOPIC, replay("{" + SINCE + "}")));
        assertThat(reason(client.nextText()))
                .isEqualTo("UnableToReplayMessages: Realtime was unable to replay messages");
        assertThat(server.sockets.openRooms()).isZero();
    }

    @Test
    void failingHistoryRefusesTheJoin() throws Exception {
        server.topics.failHistory();
        client.text(join("1", TOPIC, replay("{" + SINCE + "}")));
        assertThat(reason(client.nextText()))
                .isEqualTo("UnableToReplayMessages: Realtime was unable to replay messages");
        assertThat(server.sockets.openRooms()).isZero();
    }

    @Test
    void leaveEndsTheReplay() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        server.topics.whileReadingHistory(() -> {
            reading.countDown();
            PendingJoinTest.waitFor(go);
        });
        store("m", BEGIN, "{}");
        client.text(join("1", TOPIC, replay("{" + SINCE + "}")));
        reading.await();
        live("m2");
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        client.nextText();
        client.nextText();
        assertThat(server.sockets.openRooms()).isZero();
        go.countDown();
        assertThat(before(client, "probe")).isEmpty();
    }

    @Test
    void v1GetsOnlyJsonReplay() throws Exception {
        store("m1", BEGIN, "{}");
        server.topics.store(
                new Stored("log", BEGIN, new StoredMessage("m2", "e", Broadcast.Encoding.BINARY, new byte[] {1})));
        try (WireClient v1 = server.open("1.0.0")) {
            v1.text("{\"topic\":\"realtime:log\",\"event\":\"phx_join\",\"payload\":" + replay("{" + SINCE + "}")
                    + ",\"ref\":\"1\"}");
            v1.nextText();
            assertThat(v1.nextText()).isEqualTo("""
                            {"topic":"realtime:log","event":"broadcast","payload":{"type":"broadcast","event":"e",\
                            "payload":{},"meta":{"id":"m1","replayed":true}},"ref":null}""");
            v1.text("""
                    {"topic":"phoenix","event":"heartbeat","payload":{},"ref":"probe"}""");
            assertThat(v1.nextText()).contains("probe");
        }
    }

    // -- broadcasts from the database

    @Test
    void databaseBroadcastsAreAnnounced() throws Exception {
        client.text(join("1", TOPIC, "{\"config\":{\"broadcast\":{\"replication_ready\":true}}}"));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        assertThat(before(client, "probe")).isEmpty();
        server.databaseBroadcasts = true;
        assertThat(client.nextText()).isEqualTo("""
                        ["1",null,"realtime:log","system",{"status":"ok",\
                        "message":"Replication connection established","extension":"system","channel":"log"}]""");
        assertThat(server.sockets.channels()).isEqualTo(1);
    }

    @Test
    void missingDatabaseBroadcastsAreAnnounced() throws Exception {
        client.text(join("1", TOPIC, "{\"config\":{\"broadcast\":{\"replication_ready\":true}}}"));
        client.nextText();
        server.time.pass(Duration.ofSeconds(60));
        assertThat(json(client.nextText()).get(4).path("message").asText())
                .isEqualTo("Replication connection was not established in time");
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:log\",\"phx_close\",{}]");
        assertThat(server.sockets.waitingTimers()).isZero();
    }

    private void store(String id, Instant at, String payload) {
        server.topics.store(
                new Stored("log", at, new StoredMessage(id, "e", Broadcast.Encoding.JSON, payload.getBytes(UTF_8))));
    }

    private void live(String id) {
        Broadcast broadcast = new Broadcast.User(
                new Topic(TOPIC),
                "e",
                Broadcast.Encoding.JSON,
                Slice.of("{}".getBytes(UTF_8)),
                Optional.of(new Broadcast.Stored(id, false)));
        server.sockets.rooms().broadcast(broadcast, true);
    }

    private void assertLive(String id) throws Exception {
        assertThat(client.next())
                .isInstanceOfSatisfying(
                        Received.Binary.class,
                        frame -> assertThat(new String(frame.bytes(), UTF_8)).contains("{\"id\":\"" + id + "\"}{}"));
    }

    private void assertReplayed(int count) throws Exception {
        String reply = client.nextText();
        while (!reply.contains("\"status\":\"ok\"")) {
            reply = client.nextText();
        }
        List<String> replayed = new ArrayList<>();
        while (replayed.size() < count) {
            String text = client.nextText();
            // of the channel that this join has ended, which may come in between
            if (!text.contains("\"phx_close\"")) {
                replayed.add(text);
            }
        }
        for (int i = 0; i < count; i++) {
            assertThat(replayed.get(i)).contains("{\"id\":\"m" + (30 - count + i) + "\",\"replayed\":true}");
        }
        assertThat(before(client, "probe")).allMatch(text -> text.contains("\"phx_close\""));
    }

    private static String replay(String request) {
        return "{\"config\":{\"private\":true,\"broadcast\":{\"replay\":" + request + "}}}";
    }

    private static String reason(String reply) {
        return json(reply).get(4).path("response").path("reason").asText();
    }
}
