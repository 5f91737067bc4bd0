package dev.walcast.server.rights;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/// A socket with any number of channels that notes each change with the time of its arrival.
final class Listener implements AutoCloseable {
    private static final Duration READ_PATIENCE = Duration.ofMinutes(5);
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RawSocket socket;
    private final ConcurrentLinkedQueue<Row> rows = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<JsonNode> notes = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> heartbeats = new ConcurrentLinkedQueue<>();
    private final Thread reader;

    /// @param at `System.nanoTime()`
    /// @param afterHeartbeats how many heartbeats the server had answered
    record Row(long at, int afterHeartbeats, String topic, String table, JsonNode record) {
        int id() {
            return record.path("id").asInt();
        }

        boolean has(String column, String value) {
            return record.path(column).asText().equals(value);
        }
    }

    private Listener(RawSocket socket) {
        this.socket = socket;
        this.reader = Thread.ofVirtual().start(this::read);
    }

    static Listener connect(TestServer server) throws Exception {
        RawSocket socket = server.open("anon");
        socket.patience(READ_PATIENCE);
        return new Listener(socket);
    }

    private void read() {
        try {
            while (socket.receive() instanceof RawSocket.Received.Text text) {
                JsonNode message = text.json();
                switch (message.get(3).asText()) {
                    case "postgres_changes" -> rows.add(row(message));
                    case "system", "phx_close", "phx_error" -> notes.add(message);
                    default -> replied(message);
                }
            }
        } catch (IOException e) {
            // The connection ended.
        }
    }

    private Row row(JsonNode message) {
        JsonNode data = message.at("/4/data");
        return new Row(
                System.nanoTime(),
                heartbeats.size(),
                message.get(2).asText(),
                data.path("table").asText(),
                data.path("record"));
    }

    private void replied(JsonNode message) {
        if (message.get(2).asText().equals("phoenix")) {
            heartbeats.add(message.get(1).asText());
        } else if (!message.at("/4/status").asText().equals("ok")) {
            notes.add(message);
        }
    }

    /// Does not wait.
    void join(String topic, String token, String... tables) throws IOException {
        StringBuilder bindings = new StringBuilder();
        for (String table : tables) {
            bindings.append(bindings.isEmpty() ? "" : ",")
                    .append("{\"event\":\"*\",\"schema\":\"public\",\"table\":\"")
                    .append(table)
                    .append("\"}");
        }
        socket.send("[\"" + topic + "\",\"" + topic + "\",\"" + topic
                + "\",\"phx_join\",{\"config\":{\"postgres_changes\":[" + bindings + "]},\"access_token\":\"" + token
                + "\"}]");
    }

    void joinAndAwait(String topic, String token, String... tables) throws IOException {
        join(topic, token, tables);
        awaitNote(note -> isOf(note, topic, "Subscribed to PostgreSQL"));
    }

    void pushToken(String topic, String token) throws IOException {
        socket.send(
                "[\"" + topic + "\",\"t\",\"" + topic + "\",\"access_token\",{\"access_token\":\"" + token + "\"}]");
    }

    void heartbeat() throws IOException {
        socket.send("[null,\"h\",\"phoenix\",\"heartbeat\",{}]");
    }

    static boolean isOf(JsonNode note, String topic, String text) {
        return note.get(2).asText().equals(topic) && note.toString().contains(text);
    }

    void awaitNote(Predicate<JsonNode> wanted) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> notes.stream().anyMatch(wanted));
    }

    void awaitRow(Predicate<Row> wanted) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> rows.stream().anyMatch(wanted));
    }

    /// Until now, in the order of their arrival.
    List<Row> rows() {
        return List.copyOf(rows);
    }

    List<JsonNode> notes() {
        return List.copyOf(notes);
    }

    static String token(String role, String user) {
        return new TestViewer(role, user, 0).token();
    }

    @Override
    public void close() throws Exception {
        socket.close();
        reader.join();
    }
}
