package dev.walcast.server.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import java.io.IOException;
import java.time.Duration;
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

/// Plays one transcript against Walcast servers.
final class GoldenReplay implements AutoCloseable {
    private static final int PAYLOAD_BYTES_MAX = 1_500;

    private final GoldenTranscript transcript;
    private final GoldenDatabase database;
    private final List<TestingServer> servers = new ArrayList<>();
    private final Map<String, WireClient> clients = new LinkedHashMap<>();
    private final Map<String, Boolean> isVersion2 = new HashMap<>();
    private final Deque<GoldenHttp.Answer> answers = new ArrayDeque<>();
    private final Set<String> closedByUs = new HashSet<>();
    private final List<JsonNode> earlyCloses = new ArrayList<>();
    private final List<Deviation> deviations;
    private final Set<Deviation> unused;
    private final PresenceNames ours = new PresenceNames();
    private final PresenceNames theirs = new PresenceNames();

    GoldenReplay(GoldenTranscript transcript) {
        this.transcript = transcript;
        this.database = new GoldenDatabase(transcript);
        this.deviations = Deviation.all().stream()
                .filter(d -> d.transcript().equals(transcript.name()))
                .toList();
        this.unused = new HashSet<>(deviations);
        serve(limits());
    }

    private static TestingLimits limits() {
        return TestingServer.limits().payloadBytesMax(PAYLOAD_BYTES_MAX);
    }

    private void serve(TestingLimits limits) {
        servers.add(database.serve(limits.build()));
    }

    /// Some notes name a setting of the tenant that is connected to from there on.
    private void note(String note) throws IOException {
        cut(note);
        Map<String, TestingLimits> tenants = Map.of(
                "max_channels_per_client=3", limits().channelsMax(3),
                "max_concurrent_users=2", limits().usersMax(2),
                "max_joins_per_second=5", limits().joins(5, 320).joinRefusalDelay(Duration.ofMillis(200)),
                "max_events_per_second=5", limits().messages(5, transcript.isVersion2() ? 324 : 224),
                "private_only tenant", limits().privateOnly());
        tenants.keySet().stream().filter(note::startsWith).findAny().ifPresent(name -> serve(tenants.get(name)));
    }

    /// The recorder cut one connection without a line of its own.
    private void cut(String note) throws IOException {
        if (note.endsWith(" socket is cut")) {
            String conn = note.substring(0, note.indexOf(' '));
            clients.remove(conn).hangUp();
            closedByUs.add(conn);
        }
    }

    @Override
    public void close() {
        servers.forEach(TestingServer::close);
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
                case "sql" -> database.run(i);
                case "note" -> note(line.path("data").asText());
                case "http>" -> request(line);
                case "http<" -> expectAnswer(line);
                default -> throw new AssertionError("unknown line " + line);
            }
        }
        assertThat(earlyCloses).as("closes the reference did not send").isEmpty();
        assertThat(unused).as("declared deviations that did not occur").isEmpty();
    }

    /// In the transcripts of limits, messages of sockets count for HTTP as well. Here each caller has its own limit,
    /// whose texts `RestBroadcastTest` checks.
    private void request(JsonNode line) throws Exception {
        if (transcript.name().startsWith("limits")) {
            return;
        }
        answers.add(GoldenHttp.send(servers.getLast().port(), line));
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
        if (transcript.name().startsWith("limits")) {
            return;
        }
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
        clients.put(conn(line), WireClient.open(servers.getLast().port(), path, headers));
        isVersion2.put(conn(line), path.contains("vsn=2"));
    }

    private void expectStatus(JsonNode line) {
        WireClient client = client(line);
        int status = line.path("status").asInt();
        Optional<Deviation> deviation = deviationAt(status + " " + conn(line), false);
        assertThat(client.status())
                .as(line.toString())
                .isEqualTo(deviation
                        .map(d -> Integer.valueOf(d.frames().getFirst()))
                        .orElse(status));
        deviation
                .filter(d -> d.frames().size() > 1)
                .ifPresent(d -> assertThat(client.body()).isEqualTo(d.frames().getLast()));
        if (status != 101 && deviation.isEmpty()) {
            assertThat(client.body()).isEqualTo(line.path("data").asText());
            assertThat(client.header("content-type"))
                    .isEqualTo(line.path("headers").path("content-type").asText());
        }
        if (client.status() != 101) {
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
            expectAll(client, extra.get().frames(), line);
        }
    }

    private void expectFrame(JsonNode line) throws Exception {
        WireClient client = client(line);
        Optional<Deviation> deviation = deviationAt(content(line), false);
        if (deviation.isPresent()) {
            expectAll(client, deviation.get().frames(), line);
        } else if (line.path("type").asText().equals("binary")) {
            assertThat(client.next())
                    .isInstanceOfSatisfying(
                            Received.Binary.class,
                            binary -> assertThat(Base64.getEncoder().encodeToString(binary.bytes()))
                                    .isEqualTo(line.path("base64").asText()));
        } else if (!earlyCloses.remove(masked(line.path("data").asText()))) {
            expectText(client, line.path("data").asText(), line);
        }
    }

    /// In any order: refusals that wait for their time do so each on a thread of its own.
    private void expectAll(WireClient client, List<String> texts, JsonNode line) throws Exception {
        List<JsonNode> expected = new ArrayList<>();
        List<JsonNode> received = new ArrayList<>();
        for (String text : texts) {
            expected.add(masked(theirs.named(text)));
            received.add(masked(ours.named(client.nextText())));
        }
        assertThat(received).as(line.toString()).containsExactlyInAnyOrderElementsOf(expected);
    }

    private void expectText(WireClient client, String text, JsonNode line) throws Exception {
        JsonNode expected = masked(theirs.named(text));
        JsonNode received = masked(ours.named(client.nextText()));
        while (mayComeEarly(received) && !received.equals(expected)) {
            earlyCloses.add(received);
            received = masked(ours.named(client.nextText()));
        }
        assertThat(received).as(line.toString()).isEqualTo(expected);
    }

    /// Under a flood of joins the reference's process that closes a channel and the one that answers the next join run
    /// a race, which the transcript shows either way.
    private boolean mayComeEarly(JsonNode received) {
        return transcript.name().equals("limits.v2")
                && received.path(3).asText().equals("phx_close");
    }

    private void close(JsonNode line, int index) throws Exception {
        expectSilence();
        WireClient client = client(line);
        boolean polite = transcript.lines().subList(index, transcript.lines().size()).stream()
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
        Optional<Deviation> deviation = deviationAt(code + " " + conn(line), false);
        if (deviation.isPresent() && deviation.get().frames().getFirst().startsWith("[")) {
            expectAll(client(line), deviation.get().frames(), line);
            return;
        }
        int expected =
                deviation.map(d -> Integer.valueOf(d.frames().getFirst())).orElse(code);
        assertThat(client(line).nextClose().code()).isEqualTo(expected);
        clients.remove(conn(line));
    }

    /// Runs twice, because the probe of one socket may cause frames on another one that was probed before.
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
        return line.path("data").asText() + line.path("base64").asText() + " " + conn(line);
    }

    /// Ids and times are different on every run.
    private static JsonNode masked(String text) {
        JsonNode frame = TestingServer.json(text.replaceAll("\\d+ seconds ago", "n seconds ago"));
        JsonNode payload = frame.isArray() ? frame.get(4) : frame.path("payload");
        List<JsonNode> entries = new ArrayList<>();
        payload.path("response").path("postgres_changes").forEach(entries::add);
        if (payload.has("ids")) {
            ((ObjectNode) payload).set("ids", TextNode.valueOf("ids"));
        }
        for (JsonNode entry : entries) {
            assertThat(entry.path("id").asInt()).isPositive();
            ((ObjectNode) entry).set("id", TextNode.valueOf("an id"));
        }
        return frame;
    }
}
