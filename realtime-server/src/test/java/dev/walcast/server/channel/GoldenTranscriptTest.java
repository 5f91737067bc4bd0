package dev.walcast.server.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Replays conversations recorded with the reference server against ours and compares every status, frame and close.
/// Where a transcript is silent we have to be silent too: a heartbeat on every socket proves that nothing came before
/// its answer. Everything that differs is in [Deviation] with its reason, and has to go on differing exactly so.
class GoldenTranscriptTest {
    private static final int PAYLOAD_BYTES_MAX = 1_500;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connect.v1",
                "connect.v2",
                "heartbeat.v1",
                "heartbeat.v2",
                "join_public_noconfig.v1",
                "join_public_noconfig.v2",
                "join_variants.v2",
                "join_twice.v1",
                "join_twice.v2",
                "leave_rejoin.v1",
                "leave_rejoin.v2",
                "bad_input.v1",
                "bad_input.v2",
                "bad_input_alive.v1",
                "bad_input_alive.v2",
                "broadcast_self_ack.v2",
                "broadcast_binary.v1",
                "broadcast_binary.v2",
                "broadcast_number_fidelity.v1",
                "broadcast_number_fidelity.v2",
                "broadcast_oversize.v1",
                "broadcast_oversize.v2",
                "tokens_join.v1",
                "tokens_join.v2",
                "rest_broadcast.v2"
            })
    void weAnswerAsTheReferenceDidExceptWhereDeclared(String name) throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().payloadBytesMax(PAYLOAD_BYTES_MAX))) {
            new Replay(GoldenTranscript.load(name), server).run();
        }
    }

    private static final class Replay {
        private final GoldenTranscript transcript;
        private final TestingServer server;
        private final Map<String, WireClient> clients = new LinkedHashMap<>();
        private final Map<String, Boolean> isVersion2 = new HashMap<>();
        private final Deque<GoldenHttp.Answer> answers = new ArrayDeque<>();
        private final Set<String> closedByUs = new HashSet<>();
        private final List<Deviation> deviations;
        private final Set<Deviation> unused;

        Replay(GoldenTranscript transcript, TestingServer server) {
            this.transcript = transcript;
            this.server = server;
            this.deviations = Deviation.all().stream()
                    .filter(d -> d.transcript().equals(transcript.name()))
                    .toList();
            this.unused = new HashSet<>(deviations);
            server.feed.refuse(this::refusalOf);
        }

        void run() throws Exception {
            for (int i = 0; i < transcript.lines().size(); i++) {
                JsonNode line = transcript.lines().get(i);
                switch (line.path("dir").asText()) {
                    case "open>" -> open(line);
                    case "open<" -> expectStatus(line);
                    case ">" -> send(line);
                    case "<" -> expectFrame(line);
                    case "close>" -> close(line, i);
                    case "close<" -> expectClose(line);
                    case "sql" -> emit(i);
                    case "http>" -> request(line);
                    case "http<" -> expectAnswer(line);
                    case "note" -> {}
                    default -> throw new AssertionError("unknown line " + line);
                }
            }
            assertThat(unused).as("declared deviations that did not occur").isEmpty();
        }

        private void request(JsonNode line) throws Exception {
            answers.add(GoldenHttp.send(server.port(), line));
            Optional<Deviation> extra =
                    deviationAt(line.path("headers").path("host").asText(), true);
            if (extra.isPresent()) {
                for (String frame : extra.get().frames()) {
                    expectText(clients.values().iterator().next(), frame, line);
                }
            }
        }

        /// Answers come in the order of the requests, whatever was delivered in between.
        private void expectAnswer(JsonNode line) {
            GoldenHttp.Answer answer = answers.remove();
            String content = answer.request() + " " + line.path("status").asText() + " "
                    + line.path("data").asText();
            Optional<Deviation> deviation = deviationAt(content, false);
            if (deviation.isPresent()) {
                assertThat(answer.status() + " " + answer.body())
                        .as(line.toString())
                        .isEqualTo(deviation.get().frames().getFirst());
            } else {
                answer.assertIs(line);
            }
        }

        private void open(JsonNode line) throws IOException {
            Map<String, String> headers = new HashMap<>();
            line.path("headers")
                    .properties()
                    .forEach(h -> headers.put(h.getKey(), h.getValue().asText()));
            String path = line.path("path").asText();
            clients.put(conn(line), WireClient.open(server.port(), path, headers));
            isVersion2.put(conn(line), path.contains("vsn=2"));
        }

        private void expectStatus(JsonNode line) {
            WireClient client = client(line);
            int status = line.path("status").asInt();
            Optional<Deviation> deviation = deviationAt(String.valueOf(status), false);
            assertThat(client.status())
                    .as(line.toString())
                    .isEqualTo(deviation
                            .map(d -> Integer.valueOf(d.frames().getFirst()))
                            .orElse(status));
            if (status != 101 && deviation.isEmpty()) {
                assertThat(client.body()).isEqualTo(line.path("data").asText());
                assertThat(client.header("content-type"))
                        .isEqualTo(line.path("headers").path("content-type").asText());
                clients.remove(conn(line));
            }
        }

        private void send(JsonNode line) throws Exception {
            WireClient client = client(line);
            if (line.path("type").asText().equals("binary")) {
                client.binary(Base64.getDecoder().decode(line.path("base64").asText()));
            } else {
                client.text(GoldenTranscript.whole(line.path("data").asText()));
            }
            Optional<Deviation> extra = deviationAt(content(line), true);
            if (extra.isPresent()) {
                for (String frame : extra.get().frames()) {
                    expectText(client, frame, line);
                }
            }
        }

        private void expectFrame(JsonNode line) throws Exception {
            WireClient client = client(line);
            Optional<Deviation> deviation = deviationAt(content(line), false);
            if (deviation.isPresent()) {
                for (String frame : deviation.get().frames()) {
                    expectText(client, frame, line);
                }
            } else if (line.path("type").asText().equals("binary")) {
                assertThat(client.next())
                        .isInstanceOfSatisfying(
                                Received.Binary.class,
                                binary -> assertThat(Base64.getEncoder().encodeToString(binary.bytes()))
                                        .isEqualTo(line.path("base64").asText()));
            } else {
                expectText(client, line.path("data").asText(), line);
            }
        }

        private static void expectText(WireClient client, String expected, JsonNode line) throws Exception {
            assertThat(masked(client.nextText())).as(line.toString()).isEqualTo(masked(expected));
        }

        private void close(JsonNode line, int index) throws Exception {
            expectSilence();
            WireClient client = client(line);
            boolean polite = transcript
                    .lines()
                    .subList(index, transcript.lines().size())
                    .stream()
                    .anyMatch(l -> l.path("dir").asText().equals("close<")
                            && l.path("code").asInt() == 1000
                            && conn(l).equals(conn(line)));
            if (polite) {
                client.sayClose(1000);
                assertThat(client.next()).isEqualTo(new Received.Close(1000, ""));
            }
            client.hangUp();
            clients.remove(conn(line));
            closedByUs.add(conn(line));
        }

        private void expectClose(JsonNode line) throws Exception {
            if (closedByUs.contains(conn(line))) {
                return;
            }
            int code = line.path("code").asInt();
            int expected = deviationAt(code + " " + conn(line), false)
                    .map(d -> Integer.valueOf(d.frames().getFirst()))
                    .orElse(code);
            assertThat(client(line).nextClose().code()).isEqualTo(expected);
            clients.remove(conn(line));
        }

        /// Twice, because what one socket's probe flushes out may arrive at another one that was probed
        /// before.
        private void expectSilence() throws Exception {
            for (int round = 0; round < 2; round++) {
                for (Map.Entry<String, WireClient> entry : clients.entrySet()) {
                    String probe = "probe";
                    boolean v2 = isVersion2.getOrDefault(entry.getKey(), true);
                    entry.getValue()
                            .text(
                                    v2
                                            ? "[null,\"" + probe + "\",\"phoenix\",\"heartbeat\",{}]"
                                            : "{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":\"probe\"}");
                    assertThat(entry.getValue().nextText())
                            .as("silence on " + entry.getKey())
                            .contains("\"probe\"");
                }
            }
        }

        /// The change a statement made is what the reference delivered next.
        private void emit(int index) {
            JsonNode frame = TestingServer.json(
                    transcript.nextDelivery(index).path("data").asText());
            JsonNode payload = frame.isArray() ? frame.get(4) : frame.path("payload");
            List<TestingChangeFeed.Subscribed> receivers = server.feed.subscriptions().stream()
                    .filter(s -> s.isFor("table", "todos")
                            && !s.bindings().getFirst().request().has("filter"))
                    .toList();
            assertThat(receivers).isNotEmpty();
            receivers.forEach(s -> server.feed.emit(s, payload.path("type").asText(), payload.toString()));
        }

        /// What the reference refused, with its words.
        private Optional<String> refusalOf(TestingChangeFeed.Subscribed subscribed) {
            if (!subscribed.isFor("schema", "plain")
                    && !subscribed.viewer().role().equals("nosuchrole")) {
                return Optional.empty();
            }
            return transcript.lines().stream()
                    .map(line -> line.path("data").asText())
                    .filter(data -> data.contains("Unable to subscribe"))
                    .map(TestingServer::json)
                    .map(frame -> frame.isArray() ? frame.get(4) : frame.path("payload"))
                    .map(payload -> payload.path("message").asText())
                    .findFirst();
        }

        private Optional<Deviation> deviationAt(String content, boolean extra) {
            Optional<Deviation> found = deviations.stream()
                    .filter(d -> d.extra() == extra && content.contains(d.at()))
                    .findFirst();
            found.ifPresent(unused::remove);
            return found;
        }

        private WireClient client(JsonNode line) {
            WireClient client = clients.get(conn(line));
            assertThat(client).as("connection of " + line).isNotNull();
            return client;
        }

        private static String conn(JsonNode line) {
            return line.path("conn").asText();
        }

        private static String content(JsonNode line) {
            return line.path("data").asText() + line.path("base64").asText();
        }

        /// Ids and times are different on every run.
        private static JsonNode masked(String text) {
            JsonNode frame = TestingServer.json(text.replaceAll("\\d+ seconds ago", "n seconds ago"));
            JsonNode payload = frame.isArray() ? frame.get(4) : frame.path("payload");
            List<JsonNode> entries = new ArrayList<>();
            payload.path("response").path("postgres_changes").forEach(entries::add);
            for (JsonNode entry : entries) {
                assertThat(entry.path("id").asInt()).isPositive();
                ((ObjectNode) entry).set("id", TextNode.valueOf("an id"));
            }
            return frame;
        }
    }
}
