package dev.walcast.server.clients;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.RawSocket.Received;
import dev.walcast.server.testing.TestServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One socket that uses most functions of a client, and everything that the server sent to it.
final class Conversation implements AutoCloseable {
    static final String TOPIC = "realtime:strict";

    /// As a client may send them: every event, with and without table and filter.
    static final String BINDINGS = """
            [{"event":"*","schema":"public","table":"rows"},\
            {"event":"INSERT","schema":"public","table":"rows","filter":"room=eq.general"},\
            {"event":"DELETE","schema":"public","table":"rows"},{"event":"UPDATE","schema":"public"}]""";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MESSAGE = """
            {"type":"broadcast","event":"e","payload":{"a":1}}""";

    private final RawSocket socket;
    private final boolean isV1;
    private final List<JsonNode> texts = new ArrayList<>();
    private final List<byte[]> binaries = new ArrayList<>();

    private Conversation(RawSocket socket, boolean isV1) {
        this.socket = socket;
        this.isV1 = isV1;
    }

    static Conversation play(TestServer server, TestPostgres postgres, String version) throws Exception {
        String path = "/realtime/v1/websocket?vsn=" + version + "&apikey=" + TestServer.token("anon");
        try (Conversation talk =
                new Conversation(RawSocket.open(server.port(), path, Map.of()), version.equals("1.0.0"))) {
            talk.heartbeat();
            talk.joinAndListen();
            talk.broadcasts(server);
            talk.changes(postgres);
            talk.errors();
            talk.leave();
            return talk;
        }
    }

    /// All text frames, as they came.
    List<JsonNode> texts() {
        return List.copyOf(texts);
    }

    List<byte[]> binaries() {
        return List.copyOf(binaries);
    }

    List<JsonNode> of(String event) {
        return texts.stream().filter(frame -> event(frame).equals(event)).toList();
    }

    static String event(JsonNode frame) {
        return frame.isArray() ? frame.get(3).asText() : frame.path("event").asText();
    }

    static JsonNode payload(JsonNode frame) {
        return frame.isArray() ? frame.get(4) : frame.path("payload");
    }

    static JsonNode ref(JsonNode frame) {
        return frame.isArray() ? frame.get(1) : frame.path("ref");
    }

    static JsonNode topic(JsonNode frame) {
        return frame.isArray() ? frame.get(2) : frame.path("topic");
    }

    private void heartbeat() throws Exception {
        push(null, null, "phoenix", "heartbeat", "{}");
        until(frame -> topic(frame).asText().equals("phoenix"));
    }

    private void joinAndListen() throws Exception {
        push(
                "1",
                "1",
                TOPIC,
                "phx_join",
                "{\"config\":{\"broadcast\":{\"self\":true,\"ack\":true},\"presence\":{\"key\":\"\",\"enabled\":false},"
                        + "\"private\":false,\"postgres_changes\":" + BINDINGS + "}}");
        until(frame -> payload(frame).path("message").asText().equals("Subscribed to PostgreSQL"));
    }

    private void broadcasts(TestServer server) throws Exception {
        push("1", "2", TOPIC, "broadcast", MESSAGE);
        untilReply("2");
        if (!isV1) {
            socket.send(kind3());
            untilReply("3");
        }
        post(
                server,
                "/api/broadcast",
                "{\"messages\":[{\"topic\":\"strict\",\"event\":\"e\",\"payload\":{},\"id\":\"m\"}]}");
        until(frame -> payload(frame).path("meta").path("id").asText().equals("m"));
        post(server, "/api/broadcast/strict/events/single", "[1]");
        push("1", "4", TOPIC, "broadcast", MESSAGE);
        untilReply("4");
    }

    private static byte[] kind3() {
        byte[] strings = ("13" + TOPIC + "cursor{\"x\":1}").getBytes(UTF_8);
        byte[] frame = new byte[7 + strings.length];
        System.arraycopy(new byte[] {3, 1, 1, (byte) TOPIC.length(), 6, 0, 1}, 0, frame, 0, 7);
        System.arraycopy(strings, 0, frame, 7, strings.length);
        return frame;
    }

    private static void post(TestServer server, String path, String body) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + path))
                    .header("apikey", TestServer.token("anon"))
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            int status =
                    http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            if (status != 202) {
                throw new AssertionError(path + " was answered with " + status);
            }
        }
    }

    private void changes(TestPostgres postgres) throws Exception {
        postgres.execute(
                "insert into rows values (1, 'general')", "update rows set room = 'other'", "delete from rows");
        until(frame -> payload(frame).path("data").path("type").asText().equals("DELETE"));
    }

    private void errors() throws Exception {
        push("9", "5", "realtime:unknown", "broadcast", MESSAGE);
        untilReply("5");
        push("9", "6", "realtime:", "phx_join", "{\"config\":{}}");
        untilReply("6");
        push("1", "7", TOPIC, "broadcast", MESSAGE.replace("\"a\":1", "\"a\":\"" + "x".repeat(3_100_000) + "\""));
        untilReply("7");
        push("1", "8", TOPIC, "access_token", "{\"access_token\":\"nonsense\"}");
        until(frame -> event(frame).equals("phx_close"));
    }

    private void leave() throws Exception {
        push("10", "10", TOPIC, "phx_join", "{\"config\":{}}");
        untilReply("10");
        push("10", "11", TOPIC, "phx_leave", "{}");
        until(frame -> event(frame).equals("phx_close"));
        push("10", "12", TOPIC, "phx_leave", "{}");
        untilReply("12");
    }

    private void push(@Nullable String joinRef, @Nullable String ref, String topic, String event, String payload)
            throws Exception {
        socket.send(
                isV1
                        ? "{\"topic\":\"" + topic + "\",\"event\":\"" + event + "\",\"payload\":" + payload
                                + ",\"ref\":" + quoted(ref) + ",\"join_ref\":null}"
                        : "[" + quoted(joinRef) + "," + quoted(ref) + ",\"" + topic + "\",\"" + event + "\"," + payload
                                + "]");
    }

    private static String quoted(@Nullable String ref) {
        return ref == null ? "null" : "\"" + ref + "\"";
    }

    private void untilReply(String ref) throws Exception {
        until(frame -> event(frame).equals("phx_reply") && ref(frame).asText().equals(ref));
    }

    private void until(Predicate<JsonNode> last) throws Exception {
        while (true) {
            switch (socket.receive()) {
                case Received.Text text -> {
                    JsonNode frame = JSON.readTree(text.text());
                    texts.add(frame);
                    if (last.test(frame)) {
                        return;
                    }
                }
                case Received.Binary binary -> binaries.add(binary.bytes());
                case Received.Closed closed -> throw new AssertionError("closed: " + closed + " after " + texts);
            }
        }
    }

    @Override
    public void close() throws Exception {
        socket.close();
    }
}
