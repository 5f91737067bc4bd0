package dev.walcast.server.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Several sockets of both versions join, leave and broadcast at random. After each step every socket must have
/// received exactly what a small model predicts. The seed is part of every failure.
class RandomConversationTest {
    private static final int STEPS = 600;
    private static final List<String> TOPICS = List.of("realtime:a", "realtime:b:c", "realtime:é", "nonsense");

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void socketsReceiveWhatTheModelPredicts() throws Exception {
        System.out.println("random conversation with seed " + seed);
        try (TestingServer server = new TestingServer(TestingServer.limits())) {
            List<Party> parties = List.of(
                    new Party(server.open("2.0.0"), true),
                    new Party(server.open("2.0.0"), true),
                    new Party(server.open("1.0.0"), false),
                    new Party(server.open("1.0.0"), false));
            for (int step = 0; step < STEPS; step++) {
                Party actor = parties.get(random.nextInt(parties.size()));
                act(actor, parties, "s" + step);
                verify(actor, step);
                for (Party party : parties) {
                    verify(party, step);
                }
            }
            for (Party party : parties) {
                party.client.close();
            }
        }
    }

    private void act(Party actor, List<Party> parties, String ref) throws Exception {
        String topic = TOPICS.get(random.nextInt(TOPICS.size()));
        switch (random.nextInt(4)) {
            case 0 -> join(actor, topic, ref);
            case 1 -> leave(actor, topic, ref);
            default -> broadcast(actor, parties, topic, ref);
        }
    }

    private void join(Party actor, String topic, String ref) throws Exception {
        boolean self = random.nextBoolean();
        boolean ack = random.nextBoolean();
        actor.push(
                ref,
                ref,
                topic,
                "phx_join",
                "{\"config\":{\"broadcast\":{\"self\":" + self + ",\"ack\":" + ack + "}}}");
        if (topic.equals("nonsense")) {
            actor.expectUnmatched(ref, topic);
            return;
        }
        actor.expect(ref, ref, topic, "phx_reply", "{\"status\":\"ok\",\"response\":{\"postgres_changes\":[]}}");
        Membership old = actor.memberships.put(topic, new Membership(ref, self, ack));
        if (old != null) {
            actor.expect(old.joinRef, old.joinRef, topic, "phx_close", "{}");
        }
    }

    private void leave(Party actor, String topic, String ref) throws Exception {
        Membership membership = actor.memberships.get(topic);
        String joinRef = random.nextInt(4) == 0 ? "stale" : membership == null ? null : membership.joinRef;
        actor.push(joinRef, ref, topic, "phx_leave", "{}");
        if (membership == null) {
            actor.expect(joinRef, ref, topic, "phx_reply", "{\"status\":\"ok\",\"response\":{}}");
        } else if (membership.joinRef.equals(joinRef)) {
            actor.memberships.remove(topic);
            actor.expect(joinRef, ref, topic, "phx_reply", "{\"status\":\"ok\",\"response\":{}}");
            actor.expect(joinRef, joinRef, topic, "phx_close", "{}");
        }
    }

    private void broadcast(Party actor, List<Party> parties, String topic, String ref) throws Exception {
        String payload = "{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{\"by\":\"" + ref + "\"}}";
        actor.push(null, ref, topic, "broadcast", payload);
        Membership own = actor.memberships.get(topic);
        if (own == null) {
            actor.expectUnmatched(ref, topic);
            return;
        }
        for (Party party : parties) {
            if (party.memberships.containsKey(topic) && (party != actor || own.self)) {
                party.expect(null, null, topic, "broadcast", payload);
            }
        }
        if (own.ack) {
            actor.expect(own.joinRef, ref, topic, "phx_reply", "{\"status\":\"ok\",\"response\":{}}");
        }
    }

    private void verify(Party party, int step) throws Exception {
        party.push(null, "probe", "phoenix", "heartbeat", "{}");
        party.expect(null, "probe", "phoenix", "phx_reply", "{\"status\":\"ok\",\"response\":{}}");
        for (JsonNode expected : party.expected) {
            assertThat(TestingServer.json(party.client.nextText()))
                    .as("seed %d, step %d", seed, step)
                    .isEqualTo(expected);
        }
        party.expected.clear();
    }

    private record Membership(String joinRef, boolean self, boolean ack) {}

    /// One socket: its protocol version, its joins, and what it must receive next.
    private static final class Party {
        private final WireClient client;
        private final boolean version2;
        private final Map<String, Membership> memberships = new HashMap<>();
        private final List<JsonNode> expected = new ArrayList<>();

        Party(WireClient client, boolean version2) {
            this.client = client;
            this.version2 = version2;
        }

        void push(String joinRef, String ref, String topic, String event, String payload) throws Exception {
            client.text(
                    version2
                            ? frame(joinRef, ref, topic, event, payload)
                            : "{\"join_ref\":" + quoted(joinRef) + "," + body(ref, topic, event, payload));
        }

        void expect(String joinRef, String ref, String topic, String event, String payload) {
            expected.add(TestingServer.json(
                    version2 ? frame(joinRef, ref, topic, event, payload) : "{" + body(ref, topic, event, payload)));
        }

        void expectUnmatched(String ref, String topic) {
            expect(
                    null,
                    ref,
                    topic,
                    "phx_reply",
                    "{\"status\":\"error\",\"response\":{\"reason\":\"unmatched topic\"}}");
        }

        private static String frame(String joinRef, String ref, String topic, String event, String payload) {
            return "[" + quoted(joinRef) + "," + quoted(ref) + ",\"" + topic + "\",\"" + event + "\"," + payload + "]";
        }

        private static String body(String ref, String topic, String event, String payload) {
            return "\"topic\":\"" + topic + "\",\"event\":\"" + event + "\",\"payload\":" + payload + ",\"ref\":"
                    + quoted(ref) + "}";
        }

        private static String quoted(String ref) {
            return ref == null ? "null" : "\"" + ref + "\"";
        }
    }
}
