package dev.walcast.server.presence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import dev.walcast.server.testing.TestingServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Several sockets of both versions join, track, untrack, leave and disconnect at random and concurrently. Every
/// state and every diff must fit exactly what its receiver knows, and at the end every view is correct. The seed is
/// part of every failure.
class RandomPresenceTest {
    private static final int STEPS = 400;
    private static final int PARTIES = 6;
    private static final List<String> TOPICS = List.of("realtime:a", "realtime:b");

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @ParameterizedTest(name = "flush {0} ms, grace {1} ms")
    @CsvSource({"0,0", "1,0", "20,0", "3,15"})
    void stateAndDiffsAreConsistent(int flush, int grace) throws Exception {
        System.out.println("random presence with seed " + seed);
        PresenceLimits limits =
                new PresenceLimits(Duration.ofMillis(flush), Duration.ofMillis(grace), 1_000, 1_000_000, false);
        try (TestingServer server = new TestingServer(
                TestingServer.limits().presenceWindow(1_000_000).build(), limits)) {
            List<Party> parties = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < PARTIES; i++) {
                Party party = new Party(server, i % 3 == 2 ? "1.0.0" : "2.0.0", new Random(seed + i));
                parties.add(party);
                threads.add(Thread.ofVirtual().start(() -> run(party)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> TOPICS.forEach(topic -> assertEverybodyKnows(parties, topic)));
            for (Party party : parties) {
                party.client.close();
            }
            await().until(() -> server.sockets.presenceRooms() == 0 && server.sockets.waitingTimers() == 0);
        }
    }

    private void run(Party party) {
        try {
            for (int step = 0; step < STEPS; step++) {
                party.act(step);
            }
            for (String topic : TOPICS) {
                party.join(topic, true, "end" + topic);
                party.track(topic, "end");
            }
        } catch (Exception e) {
            failures.add(e);
        }
    }

    private void assertEverybodyKnows(List<Party> parties, String topic) {
        assertThat(failures).as("seed %d", seed).isEmpty();
        Map<String, List<String>> truth = new TreeMap<>();
        for (Party party : parties) {
            Membership membership = party.memberships.get(topic);
            truth.computeIfAbsent(membership.key, _ -> new ArrayList<>()).add(membership.tracked);
        }
        truth.values().forEach(payloads -> payloads.sort(null));
        for (Party party : parties) {
            synchronized (party.views) {
                PresenceView view = party.views.get(topic);
                assertThat(view).as("seed %d", seed).isNotNull();
                assertThat(view.payloads()).as("seed %d", seed).isEqualTo(truth);
                assertThat(view.all())
                        .as("seed %d", seed)
                        .isEqualTo(parties.getFirst().views.get(topic).all());
            }
        }
    }

    private static final class Membership {
        private final String key;
        private String tracked = "";

        Membership(String key) {
            this.key = key;
        }
    }

    /// One client with what it has tracked and received.
    private final class Party {
        private final TestingServer server;
        private final String version;
        private final Random random;
        private final Map<String, Membership> memberships = new HashMap<>();

        /// Of the channels that joined with presence enabled or have tracked.
        private final Map<String, PresenceView> views = new HashMap<>();

        private WireClient client;

        Party(TestingServer server, String version, Random random) throws Exception {
            this.server = server;
            this.version = version;
            this.random = random;
            connect();
        }

        private void connect() throws Exception {
            client = server.open(version);
            WireClient opened = client;
            synchronized (views) {
                views.clear();
            }
            memberships.clear();
            Thread.ofVirtual().start(() -> read(opened));
        }

        void act(int step) throws Exception {
            String topic = TOPICS.get(random.nextInt(TOPICS.size()));
            switch (random.nextInt(20)) {
                case 0 -> {
                    client.reset();
                    connect();
                }
                case 1, 2, 3 -> join(topic, random.nextBoolean(), "s" + step);
                case 4, 5 -> {
                    push(topic, "phx_leave", "{}", "s" + step);
                    memberships.remove(topic);
                }
                case 6, 7, 8 -> push(topic, "presence", "{\"event\":\"untrack\"}", "s" + step);
                case 9 -> Thread.yield();
                default -> track(topic, "s" + step);
            }
        }

        void join(String topic, boolean enabled, String ref) throws Exception {
            String key = "key" + random.nextInt(4);
            memberships.put(topic, new Membership(key));
            String presence = "{\"enabled\":" + enabled + ",\"key\":\"" + key + "\"}";
            push(topic, "phx_join", "{\"config\":{\"presence\":" + presence + "}}", (enabled ? "with" : "less") + ref);
        }

        void track(String topic, String ref) throws Exception {
            Membership membership = memberships.get(topic);
            String payload = "{\"n\":" + random.nextInt(3) + "}";
            push(topic, "presence", "{\"event\":\"track\",\"payload\":" + payload + "}", ref);
            if (membership != null) {
                membership.tracked = payload;
            }
        }

        private void push(String topic, String event, String payload, String ref) throws Exception {
            client.text(
                    version.equals("2.0.0")
                            ? "[null,\"" + ref + "\",\"" + topic + "\",\"" + event + "\"," + payload + "]"
                            : "{\"topic\":\"" + topic + "\",\"event\":\"" + event + "\",\"payload\":" + payload
                                    + ",\"ref\":\"" + ref + "\"}");
        }

        private void read(WireClient opened) {
            try {
                for (Received next = opened.next(); next instanceof Received.Text(String text); next = opened.next()) {
                    JsonNode frame = TestingServer.json(text);
                    synchronized (views) {
                        if (opened == client && frame.isArray()) {
                            on(
                                    frame.get(1).textValue(),
                                    frame.get(2).textValue(),
                                    frame.get(3).textValue(),
                                    frame.get(4));
                        } else if (opened == client) {
                            on(
                                    frame.path("ref").textValue(),
                                    frame.path("topic").textValue(),
                                    frame.path("event").textValue(),
                                    frame.path("payload"));
                        }
                    }
                }
            } catch (Throwable e) {
                failures.add(e);
            }
        }

        private void on(String ref, String topic, String event, JsonNode payload) {
            switch (event) {
                case "phx_reply" -> {
                    boolean unmatched = payload.at("/response/reason").asText().equals("unmatched topic");
                    if (!unmatched && !payload.path("status").asText().equals("ok")) {
                        throw new AssertionError("refused: " + payload);
                    }
                    if (ref.startsWith("with")) {
                        views.put(topic, new PresenceView());
                    } else if (ref.startsWith("less")) {
                        views.remove(topic);
                    }
                }
                case "presence_state" ->
                    views.computeIfAbsent(topic, _ -> new PresenceView()).onState(payload);
                case "presence_diff" -> {
                    if (views.containsKey(topic)) {
                        views.get(topic).onDiff(payload);
                    }
                }
                case "phx_close" -> {}
                default -> throw new AssertionError("unexpected " + event);
            }
        }
    }
}
