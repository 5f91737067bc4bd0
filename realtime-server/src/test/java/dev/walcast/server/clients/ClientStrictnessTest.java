package dev.walcast.server.clients;

import static dev.walcast.server.clients.Conversation.event;
import static dev.walcast.server.clients.Conversation.payload;
import static dev.walcast.server.clients.Conversation.ref;
import static dev.walcast.server.clients.Conversation.topic;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.TestServer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The requirements of each official client, asserted on the frames that are sent: for clients that cannot run here,
/// and for every version of those that can.
class ClientStrictnessTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> PUSHES =
            Set.of("system", "broadcast", "presence_state", "presence_diff", "postgres_changes");

    private static Conversation v1;
    private static Conversation v2;

    @BeforeAll
    static void talk() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            Stage.prepare(postgres);
            try (TestServer server = TestServer.start(postgres)) {
                v1 = Conversation.play(server, postgres, "1.0.0");
                v2 = Conversation.play(server, postgres, "2.0.0");
            }
        }
    }

    @AfterAll
    static void everyKindOfFrameWasSeen() {
        for (Conversation talk : List.of(v1, v2)) {
            Set<String> events = new TreeSet<>();
            talk.texts().forEach(frame -> events.add(event(frame)));
            assertThat(events).contains("phx_reply", "phx_close", "system", "broadcast", "postgres_changes");
        }
        assertThat(v2.binaries()).isNotEmpty();
        assertThat(v1.binaries()).isEmpty();
    }

    private static Stream<Conversation> both() {
        return Stream.of(v1, v2);
    }

    // -- all clients: the reply to a join

    @Test
    void joinReplyEchoesBindingsInOrder() throws Exception {
        JsonNode sent = JSON.readTree(Conversation.BINDINGS);
        for (Conversation talk : both().toList()) {
            JsonNode entries = joinReply(talk).at("/response/postgres_changes");
            assertThat(entries).hasSameSizeAs(sent);
            for (int i = 0; i < sent.size(); i++) {
                JsonNode echo = entries.get(i).deepCopy();
                JsonNode id = ((com.fasterxml.jackson.databind.node.ObjectNode) echo).remove("id");
                assertThat(id.isInt()).as("a 32-bit integer").isTrue();
                assertThat(id.asInt()).isPositive();
                assertThat(echo).isEqualTo(sent.get(i));
            }
        }
    }

    @Test
    void joinReplyIsTheFirstFrame() {
        for (Conversation talk : both().toList()) {
            JsonNode first = talk.texts().stream()
                    .filter(frame -> topic(frame).asText().equals(Conversation.TOPIC))
                    .findFirst()
                    .orElseThrow();
            assertThat(event(first)).isEqualTo("phx_reply");
            assertThat(reply(talk, "10").at("/response/postgres_changes").isArray())
                    .isTrue();
        }
    }

    @Test
    void onlyChangesHaveTheKeyIds() {
        both().flatMap(talk -> talk.texts().stream())
                .filter(frame -> !event(frame).equals("postgres_changes"))
                .forEach(frame -> assertThat(payload(frame).has("ids"))
                        .as(frame.toString())
                        .isFalse());
    }

    // -- Python: pydantic models of version 1.0.0

    @Test
    void pythonFindsItsFourKeys() {
        for (JsonNode frame : v1.texts()) {
            List<String> keys = new ArrayList<>();
            frame.fieldNames().forEachRemaining(keys::add);
            assertThat(keys).as(frame.toString()).containsExactlyInAnyOrder("topic", "event", "payload", "ref");
            assertThat(frame.get("topic").isTextual() && frame.get("event").isTextual())
                    .isTrue();
            if (PUSHES.contains(event(frame))) {
                assertThat(ref(frame).isNull()).as(frame.toString()).isTrue();
            }
        }
        JsonNode heartbeat = v1.texts().getFirst();
        assertThat(ref(heartbeat).isNull()).as("a heartbeat without ref").isTrue();
    }

    @Test
    void pythonReadsRepliesWithAnObjectAsResponse() {
        for (JsonNode frame : v1.of("phx_reply")) {
            assertThat(payload(frame).path("status").asText()).isIn("ok", "error");
            assertThat(payload(frame).path("response").isObject())
                    .as(frame.toString())
                    .isTrue();
        }
        assertThat(reply(v1, "7").path("status").asText()).as("too large").isEqualTo("error");
    }

    @Test
    void pythonReadsChangesWithoutErrors() {
        assertThat(v1.of("postgres_changes")).hasSize(3);
        for (JsonNode frame : v1.of("postgres_changes")) {
            JsonNode data = payload(frame).path("data");
            for (String key : List.of("schema", "table", "commit_timestamp", "type")) {
                assertThat(data.path(key).isTextual()).as(key).isTrue();
            }
            assertThat(data.path("columns").isArray()).isTrue();
            assertThat(data.path("errors").isNull()).isTrue();
            assertThat(data.path("old_record").isMissingNode()
                            || data.path("old_record").isObject())
                    .isTrue();
        }
    }

    @Test
    void pythonReadsBroadcastsWithAnEventAndAnObject() {
        assertThat(v1.of("broadcast")).hasSize(4);
        for (JsonNode frame : v1.of("broadcast")) {
            assertThat(payload(frame).path("event").isTextual()).isTrue();
            assertThat(payload(frame).path("payload").isObject())
                    .as(frame.toString())
                    .isTrue();
        }
    }

    // -- JavaScript: version 2.0.0

    @Test
    void javaScriptGetsOnlyBinaryKindFour() {
        assertThat(v2.binaries()).hasSize(2).allMatch(frame -> frame[0] == 4);
    }

    @Test
    void javaScriptDropsFramesOfAnotherJoin() {
        String current = null;
        for (JsonNode frame : v2.texts()) {
            if (!topic(frame).asText().equals(Conversation.TOPIC)) {
                continue;
            }
            if (event(frame).equals("phx_reply")
                    && Set.of("1", "10").contains(ref(frame).asText())) {
                current = ref(frame).asText();
            }
            assertThat(frame.get(0).isNull() || frame.get(0).asText().equals(current))
                    .as(frame.toString())
                    .isTrue();
        }
    }

    @Test
    void javaScriptAndFlutterIgnoreEndWithoutRef() {
        assertThat(v2.of("phx_close")).hasSize(2).allSatisfy(frame -> {
            assertThat(frame.get(0).isTextual()).isTrue();
            assertThat(frame.get(1)).isEqualTo(frame.get(0));
        });
    }

    @Test
    void javaScriptAndFlutterFindBindings() {
        for (Conversation talk : both().toList()) {
            Set<Integer> ids = new TreeSet<>();
            joinReply(talk)
                    .at("/response/postgres_changes")
                    .forEach(entry -> ids.add(entry.path("id").asInt()));
            for (JsonNode frame : talk.of("postgres_changes")) {
                assertThat(payload(frame).path("ids")).isNotEmpty().allSatisfy(id -> {
                    assertThat(id.isInt()).isTrue();
                    assertThat(ids).contains(id.asInt());
                });
                assertThat(payload(frame).at("/data/type").asText()).isIn("INSERT", "UPDATE", "DELETE");
                assertThat(payload(frame).at("/data/columns")).isNotEmpty().allSatisfy(column -> {
                    assertThat(column.path("name").isTextual()).isTrue();
                    assertThat(column.path("type").isTextual()).isTrue();
                });
            }
        }
    }

    // -- Kotlin: kotlinx.serialization without unknown keys; an exception reconnects the socket

    @Test
    void kotlinKnowsEveryKeyOfABinding() {
        for (JsonNode entry : joinReply(v2).at("/response/postgres_changes")) {
            entry.fieldNames()
                    .forEachRemaining(key -> assertThat(key).isIn("schema", "table", "filter", "event", "id"));
            assertThat(entry.path("schema").isTextual() && entry.path("event").isTextual())
                    .isTrue();
        }
    }

    @Test
    void kotlinAndSwiftParseChanges() {
        for (JsonNode frame : v2.of("postgres_changes")) {
            JsonNode data = payload(frame).path("data");
            assertThat(Instant.parse(data.path("commit_timestamp").asText())).isNotNull();
            String type = data.path("type").asText();
            assertThat(data.path("record").isObject()).isEqualTo(!type.equals("DELETE"));
            assertThat(data.path("old_record").isObject()).isEqualTo(!type.equals("INSERT"));
        }
    }

    @Test
    void kotlinAndPythonReadSystemMessages() {
        for (Conversation talk : both().toList()) {
            assertThat(talk.of("system")).hasSizeGreaterThanOrEqualTo(2).allSatisfy(frame -> {
                for (String key : List.of("status", "message", "extension", "channel")) {
                    assertThat(payload(frame).path(key).isTextual()).as(key).isTrue();
                }
                assertThat(payload(frame).path("status").asText()).isIn("ok", "error");
                assertThat(payload(frame).path("channel").asText()).isEqualTo("strict");
            });
        }
    }

    @Test
    void kotlinAndSwiftReadObjectsInBroadcasts() throws Exception {
        for (JsonNode frame : v2.of("broadcast")) {
            assertThat(payload(frame).path("payload").isObject()).isTrue();
        }
        for (byte[] frame : v2.binaries()) {
            assertThat(frame[4]).as("encoding").isIn((byte) 0, (byte) 1);
            int header = 5 + frame[1] + frame[2] + frame[3];
            assertThat(JSON.readTree(Arrays.copyOfRange(frame, header, frame.length))
                            .isObject())
                    .isTrue();
        }
    }

    @Test
    void kotlinRejoinsAfterLeaveReply() {
        assertThat(reply(v2, "12").path("status").asText()).isEqualTo("ok");
        assertThat(reply(v1, "12").path("status").asText()).isEqualTo("ok");
    }

    // -- Swift and Flutter: five elements of the right kind

    @Test
    void swiftAndFlutterReadFiveElements() {
        for (JsonNode frame : v2.texts()) {
            assertThat(frame).as(frame.toString()).hasSize(5);
            assertThat(frame.get(0).isNull() || frame.get(0).isTextual()).isTrue();
            assertThat(frame.get(1).isNull() || frame.get(1).isTextual()).isTrue();
            assertThat(frame.get(2).isTextual() && frame.get(3).isTextual()).isTrue();
            assertThat(frame.get(4).isObject()).isTrue();
        }
        assertThat(v2.of("phx_reply").subList(1, v2.of("phx_reply").size())).allSatisfy(frame -> {
            assertThat(ref(frame).isTextual()).isTrue();
            assertThat(payload(frame).path("status").isTextual()).isTrue();
        });
    }

    @Test
    void swiftWaitsForCloseAfterLeave() {
        List<JsonNode> frames = v2.texts();
        int reply = frames.indexOf(frames.stream()
                .filter(frame -> ref(frame).asText().equals("11"))
                .findFirst()
                .orElseThrow());
        assertThat(event(frames.get(reply + 1))).isEqualTo("phx_close");
    }

    private static JsonNode joinReply(Conversation talk) {
        return reply(talk, "1");
    }

    private static JsonNode reply(Conversation talk, String ref) {
        return talk.of("phx_reply").stream()
                .filter(frame -> ref(frame).asText().equals(ref))
                .map(Conversation::payload)
                .findFirst()
                .orElseThrow();
    }
}
