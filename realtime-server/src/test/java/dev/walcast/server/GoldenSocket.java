package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.testing.RawSocket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// One connection of a transcript. Keeps received frames until they are read, and receives a marker row in every
/// subscription.
final class GoldenSocket implements AutoCloseable {
    private static final String MARKER = "marker";

    private final RawSocket socket;
    private final boolean isVersion2;
    private final ChangeFrames frames = new ChangeFrames();
    private final List<JsonNode> unread = new ArrayList<>();
    private final Set<String> marked = new HashSet<>();

    private GoldenSocket(RawSocket socket, boolean isVersion2) {
        this.socket = socket;
        this.isVersion2 = isVersion2;
    }

    static GoldenSocket open(int port, String path) throws IOException {
        RawSocket socket = RawSocket.open(port, path, Map.of());
        assertThat(socket.status()).isEqualTo(101);
        return new GoldenSocket(socket, path.contains("vsn=2"));
    }

    void send(String text) throws IOException {
        socket.send(text);
    }

    /// Joins with one binding more, for the marker.
    void joinMarked(String text) throws IOException {
        JsonNode frame = ChangeFrames.parse(text);
        ArrayNode bindings = (ArrayNode) ChangeFrames.payload(frame).at("/config/postgres_changes");
        bindings.addObject().put("event", "INSERT").put("schema", "public").put("table", MARKER);
        marked.add(ChangeFrames.topic(frame));
        socket.send(frame.toString());
    }

    void leave(String text) throws IOException {
        marked.remove(ChangeFrames.topic(ChangeFrames.parse(text)));
        socket.send(text);
    }

    void awaitSubscription(String topic) throws IOException {
        JsonNode any = ChangeFrames.parse("[null,null,\"" + topic + "\"]");
        assertThat(next(any).at("/4/status").asText()).isEqualTo("ok");
        assertThat(next(any).at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
    }

    /// Returns when everything has come that was committed before the marker.
    void awaitMarker(int id) throws IOException {
        Set<String> waiting = new HashSet<>(marked);
        while (!waiting.isEmpty()) {
            JsonNode frame = received(socket.receive());
            JsonNode data = ChangeFrames.payload(frame).path("data");
            if (!data.path("table").asText().equals(MARKER)) {
                unread.add(frame);
            } else if (data.at("/record/id").asInt() == id) {
                waiting.remove(ChangeFrames.topic(frame));
            }
        }
        awaitHeartbeat();
    }

    private void awaitHeartbeat() throws IOException {
        for (RawSocket.Received received : socket.untilHeartbeat(!isVersion2)) {
            unread.add(received(received));
        }
    }

    /// The next frame of the topic. Where one change makes several frames, the one that is expected if it is among
    /// them.
    JsonNode next(JsonNode expected) throws IOException {
        String topic = ChangeFrames.topic(expected);
        while (unread.stream().noneMatch(frame -> ChangeFrames.topic(frame).equals(topic))) {
            unread.add(received(socket.receive()));
        }
        List<JsonNode> candidates = unread.stream()
                .filter(frame -> ChangeFrames.topic(frame).equals(topic))
                .toList();
        JsonNode first = candidates.getFirst();
        Optional<JsonNode> same = candidates.stream()
                .filter(frame -> position(frame).equals(position(first)))
                .filter(frame -> normalized(frame).equals(expected))
                .findFirst();
        JsonNode found = same.orElse(first);
        unread.removeIf(frame -> frame == found);
        return normalized(found);
    }

    private static JsonNode received(RawSocket.Received received) {
        if (received instanceof RawSocket.Received.Text text) {
            return ChangeFrames.parse(text.text());
        }
        throw new AssertionError("expected a text, got " + received);
    }

    private static String position(JsonNode frame) {
        return ChangeFrames.payload(frame).at("/data/position").asText();
    }

    private JsonNode normalized(JsonNode frame) {
        JsonNode copy = frame.deepCopy();
        JsonNode payload = ChangeFrames.payload(copy);
        if (marked.contains(ChangeFrames.topic(copy))
                && payload.at("/response/postgres_changes") instanceof ArrayNode a) {
            assertThat(a.remove(a.size() - 1).path("table").asText()).isEqualTo(MARKER);
        }
        if (payload instanceof ObjectNode object) {
            object.remove(List.of("warnings", "epoch", "position"));
            if (object.path("response") instanceof ObjectNode response) {
                response.remove(List.of("epoch", "position"));
            }
            if (object.path("data") instanceof ObjectNode data) {
                data.remove(List.of("position", "epoch", "missing"));
            }
        }
        return frames.masked(copy);
    }

    /// Frames that were received and not read.
    List<JsonNode> unread() throws IOException {
        awaitHeartbeat();
        return unread;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
