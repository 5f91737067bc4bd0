package dev.walcast.server.presence;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.json;
import static dev.walcast.server.testing.TestingServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Presence as single clients see it. [RandomPresenceTest] covers many at once.
class PresenceTest {
    private static final String TOPIC = "realtime:room";
    private static final Duration LONG = Duration.ofMillis(300);
    private static final Duration GRACE = Duration.ofMillis(600);

    private final List<WireClient> clients = new ArrayList<>();
    private TestingServer server;

    private void start(Duration flush, Duration grace) {
        start(new PresenceLimits(flush, grace, 3, 1_000, false));
    }

    private void start(PresenceLimits limits) {
        server = new TestingServer(
                TestingServer.limits()
                        .payloadBytesMax(100)
                        .presenceWindow(1_000)
                        .build(),
                limits);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        for (WireClient client : clients) {
            client.close();
        }
        await().until(() -> server.sockets.presenceRooms() == 0 && server.sockets.waitingTimers() == 0);
        server.close();
    }

    private WireClient join(String presence) throws Exception {
        WireClient client = server.open();
        clients.add(client);
        client.text(TestingServer.join("1", TOPIC, "{\"config\":{\"presence\":" + presence + "}}"));
        assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
        return client;
    }

    private WireClient member(String key) throws Exception {
        return join("{\"enabled\":true,\"key\":\"" + key + "\"}");
    }

    private static void push(WireClient client, String ref, String payload) throws Exception {
        client.text("[\"1\",\"" + ref + "\",\"" + TOPIC + "\",\"presence\"," + payload + "]");
    }

    private static void track(WireClient client, String ref, String payload) throws Exception {
        push(client, ref, "{\"type\":\"presence\",\"event\":\"track\",\"payload\":" + payload + "}");
        assertThat(client.nextText()).isEqualTo(ok("1", ref, TOPIC));
    }

    private static JsonNode state(WireClient client) throws Exception {
        JsonNode frame = json(client.nextText());
        assertThat(frame.get(0).textValue() + frame.get(3).textValue()).isEqualTo("1presence_state");
        return frame.get(4);
    }

    private static JsonNode diff(WireClient client) throws Exception {
        JsonNode frame = json(client.nextText());
        assertThat(frame.get(3).textValue()).isEqualTo("presence_diff");
        return frame.get(4);
    }

    private static JsonNode meta(JsonNode presences, String key) {
        JsonNode metas = presences.path(key).path("metas");
        assertThat(metas).as(presences.toString()).hasSize(1);
        return metas.get(0);
    }

    private static String refused(WireClient client, String payload) throws Exception {
        push(client, "9", payload);
        JsonNode frame = json(client.nextText());
        assertThat(frame.get(4).path("status").asText()).isEqualTo("error");
        return frame.get(4).path("response").toString();
    }

    // -- collection of changes

    @Test
    void stateComesUnaskedWithPresenceForAll() throws Exception {
        start(new PresenceLimits(Duration.ZERO, Duration.ZERO, 3, 1_000, true));
        WireClient a = server.open();
        a.text(TestingServer.join("1", TOPIC, "{\"config\":{\"presence\":{\"key\":\"\"}}}"));
        a.nextText();
        assertThat(a.nextText()).isEqualTo("[\"1\",null,\"" + TOPIC + "\",\"presence_state\",{}]");
        a.close();
    }

    @Test
    void trackWithoutPresenceEnabledGetsState() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        WireClient a = member("a");
        assertThat(state(a)).isEmpty();
        track(a, "2", "{\"n\":1}");
        diff(a);
        for (String presence : List.of("{\"key\":\"b\"}", "{\"key\":\"b\",\"enabled\":false}")) {
            WireClient b = join(presence);
            assertThat(before(b, "probe")).isEmpty();
            track(b, "2", "{\"n\":2}");
            assertThat(meta(state(b), "a").path("n").asInt()).isEqualTo(1);
            assertThat(meta(diff(b).path("joins"), "b").path("n").asInt()).isEqualTo(2);
            track(b, "3", "{\"n\":3}");
            assertThat(meta(diff(b).path("joins"), "b").path("n").asInt()).isEqualTo(3);
            b.text("[\"1\",\"4\",\"" + TOPIC + "\",\"phx_leave\",{}]");
            assertThat(b.nextText()).isEqualTo(ok("1", "4", TOPIC));
        }
    }

    @Test
    void burstIsOneDiffWithoutCancelledChanges() throws Exception {
        start(LONG, Duration.ZERO);
        WireClient watcher = member("watcher");
        assertThat(state(watcher)).isEmpty();
        track(watcher, "2", "{}");
        assertThat(diff(watcher).path("joins").fieldNames()).toIterable().containsExactly("watcher");
        WireClient a = member("a");
        WireClient b = member("b");
        assertThat(state(a)).isEqualTo(state(b)).hasSize(1);
        track(a, "2", "{\"n\":1}");
        track(a, "3", "{\"n\":2}");
        track(b, "2", "{}");
        push(b, "3", "{\"event\":\"untrack\"}");
        JsonNode diff = diff(watcher);
        assertThat(diff.path("joins").size()).isEqualTo(1);
        assertThat(diff.path("leaves")).isEmpty();
        assertThat(meta(diff.path("joins"), "a").path("n").asInt()).isEqualTo(2);
        assertThat(meta(diff.path("joins"), "a").has("phx_ref_prev")).isFalse();
        assertThat(before(watcher, "probe")).isEmpty();
    }

    @Test
    void joinDuringCollectionGetsStateThenDiff() throws Exception {
        start(LONG, Duration.ZERO);
        WireClient a = member("a");
        assertThat(state(a)).isEmpty();
        track(a, "2", "{\"n\":1}");
        String published = meta(diff(a).path("joins"), "a").path("phx_ref").asText();
        track(a, "3", "{\"n\":2}");
        track(a, "4", "{\"n\":3}");
        WireClient late = member("late");
        assertThat(meta(state(late), "a").path("phx_ref").asText()).isEqualTo(published);
        JsonNode diff = diff(late);
        assertThat(meta(diff.path("leaves"), "a").path("phx_ref").asText()).isEqualTo(published);
        JsonNode update = meta(diff.path("joins"), "a");
        assertThat(update.path("phx_ref_prev").asText()).isEqualTo(published);
        assertThat(update.path("n").asInt()).isEqualTo(3);
        assertThat(diff(a)).isEqualTo(diff);
    }

    // -- keys and objects

    @Test
    void keyMayBeNumberOrGenerated() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        WireClient five = join("{\"enabled\":\"TRUE\",\"key\":5}");
        state(five);
        track(five, "2", "{\"phx_ref\":\"mine\",\"phx_ref_prev\":\"mine\",\"é\":[1.50]}");
        String diff = five.nextText();
        assertThat(diff).contains("\"\\u00E9\":[1.50]");
        JsonNode meta = meta(json(diff).get(4).path("joins"), "5");
        assertThat(meta.path("phx_ref").asText()).matches("[\\w-]{16}");
        assertThat(meta.has("phx_ref_prev")).isFalse();
        for (String key : List.of("", ",\"key\":null", ",\"key\":\"\"", ",\"key\":{}")) {
            WireClient nameless = join("{\"enabled\":true" + key + "}");
            state(nameless);
            track(nameless, "2", "{}");
            assertThat(diff(nameless).path("joins").fieldNames().next()).matches("[0-9a-f-]{36}");
            nameless.close();
            clients.remove(nameless);
            assertThat(diff(five).path("leaves")).isEmpty();
            assertThat(diff(five).path("leaves")).hasSize(1);
        }
    }

    @Test
    void reorderedObjectIsNoChange() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        WireClient a = member("a");
        state(a);
        track(a, "2", "{\"x\":1,\"y\":{\"z\":\"é\"}}");
        diff(a);
        track(a, "3", "{ \"y\":{\"z\":\"\\u00e9\"}, \"x\":1 }");
        assertThat(before(a, "probe")).isEmpty();
        track(a, "4", "{\"x\":2,\"y\":{\"z\":\"é\"}}");
        assertThat(diff(a).path("leaves")).hasSize(1);
    }

    @Test
    void keysThatWouldBreakClientsAreRefused() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        WireClient ids = member("ids");
        state(ids);
        assertThat(refused(ids, "{\"event\":\"track\",\"payload\":{}}"))
                .isEqualTo("{\"reason\":\"UnableToTrackPresence: The presence key ids is reserved\"}");
    }

    @Test
    void invalidTrackIsOnlyAnswered() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        WireClient a = member("a");
        state(a);
        String notAnObject = "{\"reason\":\"Presence track payload must be a map\"}";
        for (String payload : List.of("null", "5", "\"x\"", "[]")) {
            assertThat(refused(a, "{\"event\":\"track\",\"payload\":" + payload + "}"))
                    .isEqualTo(notAnObject);
        }
        for (String push : List.of("{\"event\":\"other\"}", "{\"event\":5}", "[]", "\"x\"", "null")) {
            assertThat(refused(a, push)).isEqualTo("{}");
        }
        push(a, "3", "{}");
        assertThat(a.nextText()).isEqualTo(ok("1", "3", TOPIC));
        push(a, "4", "{\"event\":\"untrack\"}");
        assertThat(a.nextText()).isEqualTo(ok("1", "4", TOPIC));
        push(a, "5", "{\"event\":\"Track\"}");
        assertThat(a.nextText()).isEqualTo(ok("1", "5", TOPIC));
        assertThat(meta(diff(a).path("joins"), "a").size()).isEqualTo(1);
    }

    // -- bounds

    @Test
    void fullTopicAcceptsOnlyUpdates() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        List<WireClient> members = new ArrayList<>();
        for (String key : List.of("a", "b", "c")) {
            WireClient member = join("{\"key\":\"" + key + "\"}");
            track(member, "2", "{}");
            members.add(member);
        }
        WireClient d = join("{\"key\":\"d\"}");
        assertThat(refused(d, "{\"event\":\"track\"}"))
                .isEqualTo("{\"reason\":\"PresenceLimitReached: More than 3 presences, or 1000 bytes of them, in this"
                        + " channel\"}");
        assertThat(before(d, "probe")).isEmpty();
        push(members.getFirst(), "3", "{\"event\":\"track\",\"payload\":{\"x\":1}}");
        members.getFirst().close();
        await().untilAsserted(() -> {
            push(d, "4", "{\"event\":\"track\"}");
            assertThat(d.nextText()).isEqualTo(ok("1", "4", TOPIC));
        });
    }

    @Test
    void tooLargeObjectClosesTheChannel() throws Exception {
        start(Duration.ZERO, GRACE);
        WireClient a = member("a");
        state(a);
        WireClient watcher = member("watcher");
        state(watcher);
        track(a, "2", "{}");
        diff(watcher);
        push(a, "3", "{\"event\":\"track\",\"payload\":{\"x\":\"" + "x".repeat(100) + "\"}}");
        diff(a);
        assertThat(json(a.nextText()).get(4).path("message").asText()).isEqualTo("Track message size exceeded");
        assertThat(a.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
        assertThat(meta(diff(watcher).path("leaves"), "a")).isNotNull();
    }

    // -- listeners, and the end of presence

    @Test
    void presenceIsSentOnlyAfterTrack() throws Exception {
        start(Duration.ZERO, Duration.ZERO);
        WireClient quiet = join("{\"key\":\"quiet\"}");
        WireClient a = member("a");
        state(a);
        track(a, "2", "{}");
        diff(a);
        assertThat(before(quiet, "probe")).isEmpty();
        track(quiet, "2", "{}");
        assertThat(state(quiet).fieldNames()).toIterable().containsExactly("a");
        assertThat(diff(quiet).path("joins").fieldNames().next()).isEqualTo("quiet");
        diff(a);
        track(a, "3", "{\"x\":1}");
        assertThat(diff(quiet).path("joins").fieldNames().next()).isEqualTo("a");
    }

    @Test
    void expiredTokenEndsPresence() throws Exception {
        start(Duration.ZERO, GRACE);
        WireClient watcher = member("watcher");
        state(watcher);
        WireClient a = server.open();
        clients.add(a);
        String token = TestingTokens.anon(Instant.now().getEpochSecond() + 1);
        a.text(TestingServer.join(
                "1", TOPIC, "{\"config\":{\"presence\":{\"key\":\"a\"}},\"access_token\":\"" + token + "\"}"));
        a.nextText();
        track(a, "2", "{}");
        diff(watcher);
        assertThat(meta(diff(watcher).path("leaves"), "a")).isNotNull();
    }

    @Test
    void reconnectWithinGraceIsNoLeave() throws Exception {
        start(Duration.ZERO, Duration.ofMinutes(1));
        WireClient watcher = member("watcher");
        state(watcher);
        WireClient a = member("a");
        state(a);
        track(a, "2", "{\"n\":1}");
        diff(a);
        String ref = meta(diff(watcher).path("joins"), "a").path("phx_ref").asText();
        cut(a);
        WireClient again = member("a");
        assertThat(meta(state(again), "a").path("phx_ref").asText()).isEqualTo(ref);
        track(again, "2", "{\"n\":1}");
        assertThat(before(watcher, "probe")).isEmpty();
        cut(again);
        WireClient changed = member("a");
        state(changed);
        track(changed, "2", "{\"n\":2}");
        JsonNode diff = diff(watcher);
        assertThat(meta(diff.path("joins"), "a").path("phx_ref_prev").asText()).isEqualTo(ref);
        assertThat(meta(diff.path("leaves"), "a").path("phx_ref").asText()).isEqualTo(ref);
        changed.text("[\"1\",\"3\",\"" + TOPIC + "\",\"phx_leave\",{}]");
        assertThat(meta(diff(watcher).path("leaves"), "a").path("n").asInt()).isEqualTo(2);
    }

    private void cut(WireClient client) throws Exception {
        int channels = server.sockets.channels();
        client.reset();
        clients.remove(client);
        await().until(() -> server.sockets.channels() == channels - 1);
    }

    @Test
    void lostPresenceEndsAfterGrace() throws Exception {
        start(Duration.ZERO, GRACE);
        WireClient watcher = member("watcher");
        state(watcher);
        WireClient a = member("a");
        state(a);
        track(a, "2", "{}");
        diff(watcher);
        long cutNanos = System.nanoTime();
        cut(a);
        assertThat(meta(diff(watcher).path("leaves"), "a")).isNotNull();
        assertThat(Duration.ofNanos(System.nanoTime() - cutNanos)).isGreaterThanOrEqualTo(GRACE);
    }
}
