package dev.walcast.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/// A user's channel with bindings, which prints what it receives so that a test reads like the wire. It also listens
/// to the published table `ends (n int)`, whose rows prove that everything before has arrived.
public final class ChangeListener implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final RawSocket socket;
    private final Map<Long, Integer> places = new HashMap<>();
    private final List<String> frames = new ArrayList<>();
    private final String topic = "realtime:" + UUID.randomUUID();
    private final List<String> replayed = new ArrayList<>();
    private JsonNode live = com.fasterxml.jackson.databind.node.MissingNode.getInstance();

    private ChangeListener(RawSocket socket) {
        this.socket = socket;
    }

    /// Returns when the subscription is live.
    public static ChangeListener join(TestServer server, String user, String... bindings) throws Exception {
        ChangeListener listener = new ChangeListener(open(server, user));
        listener.join(bindings);
        JsonNode frame = listener.next();
        while (!frame.get(3).asText().equals("system")
                || frame.at("/4/message").asText().equals("Snapshot of PostgreSQL")) {
            if (!frame.get(3).asText().equals("system")) {
                listener.replayed.add(listener.print(frame.get(4)));
            }
            frame = listener.next();
        }
        assertThat(frame.at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
        listener.live = frame.get(4);
        return listener;
    }

    /// Why the bindings are refused.
    public static String refusal(TestServer server, String user, String... bindings) throws Exception {
        try (ChangeListener listener = new ChangeListener(open(server, user))) {
            JsonNode reply = listener.join(bindings);
            JsonNode told =
                    reply.get("status").asText().equals("ok") ? listener.next().get(4) : reply;
            assertThat(told.get("status").asText()).isEqualTo("error");
            return told.toString();
        }
    }

    private static RawSocket open(TestServer server, String user) throws Exception {
        String token = token(user, Duration.ofHours(1));
        RawSocket socket = RawSocket.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token, Map.of());
        socket.patience(PATIENCE);
        return socket;
    }

    private static String token(String user, Duration lifetime) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", user), lifetime);
    }

    /// Pushes a new token. Returns when the server has read it.
    public void pushToken(String user) throws Exception {
        socket.send("[null,\"t\",\"" + topic + "\",\"access_token\",{\"access_token\":\""
                + token(user, Duration.ofHours(2)) + "\"}]");
        socket.untilHeartbeat(false);
    }

    private JsonNode join(String... bindings) throws Exception {
        String all = Arrays.stream(bindings).map(binding -> binding + ",").collect(Collectors.joining())
                + "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"ends\"}";
        JsonNode reply = socket.join(topic, "{\"postgres_changes\":[" + all + "]}");
        reply.at("/response/postgres_changes")
                .forEach(binding -> places.put(binding.get("id").asLong(), places.size()));
        return reply;
    }

    private JsonNode next() throws Exception {
        JsonNode frame = socket.receiveJson();
        frames.add(frame.toString());
        return frame;
    }

    /// Forgets changes committed before, which may have come after the join.
    public ChangeListener past(TestPostgres postgres) throws Exception {
        told(postgres);
        frames.clear();
        return this;
    }

    /// Everything received until now.
    public List<String> told(TestPostgres postgres) throws Exception {
        return told(postgres, "postgres_changes");
    }

    /// Everything received until now except messages about the channel itself.
    public List<String> toldAmongNews(TestPostgres postgres) throws Exception {
        return told(postgres, "postgres_changes", "system");
    }

    private List<String> told(TestPostgres postgres, String... events) throws Exception {
        int end = ThreadLocalRandom.current().nextInt();
        postgres.execute("insert into ends values (" + end + ")");
        List<String> told = new ArrayList<>();
        while (true) {
            JsonNode frame = next();
            assertThat(frame.get(3).asText()).as(frame.toString()).isIn((Object[]) events);
            if (frame.get(3).asText().equals("system")) {
                continue;
            }
            if (!frame.at("/4/data/table").asText().equals("ends")) {
                told.add(print(frame.get(4)));
            } else if (frame.at("/4/data/record/n").asInt() == end) {
                return told;
            }
        }
    }

    /// Waits for everything that was committed until now; see [#frames()].
    ///
    /// @return false when the subscription is refused, and then nothing more is waited for
    public boolean isServedUntilNow(TestPostgres postgres) throws Exception {
        int end = ThreadLocalRandom.current().nextInt();
        postgres.execute("insert into ends values (" + end + ")");
        while (true) {
            JsonNode frame = next();
            if (frame.at("/4/status").asText().equals("error")) {
                return false;
            }
            if (frame.at("/4/data/table").asText().equals("ends")
                    && frame.at("/4/data/record/n").asInt() == end) {
                return true;
            }
        }
    }

    /// The places of the bindings, the event, the new row, the old one, and how the row came into view or left it.
    private String print(JsonNode payload) {
        JsonNode data = payload.get("data");
        String ids = StreamSupport.stream(payload.get("ids").spliterator(), false)
                .map(id -> String.valueOf(places.get(id.asLong())))
                .sorted()
                .collect(Collectors.joining(","));
        return ids + " " + data.get("type").asText()
                + (data.has("record") ? " " + data.get("record") : "")
                + (data.has("old_record") ? " old " + data.get("old_record") : "")
                + (data.has("membership") ? " " + data.get("membership").asText() : "");
    }

    /// Every frame since the join, as it came.
    public List<String> frames() {
        return frames;
    }

    /// The changes received before the subscription was live.
    public List<String> replayed() {
        return replayed;
    }

    /// The message that said the subscription is live.
    public JsonNode live() {
        return live;
    }

    public String position() {
        return live.get("position").asText();
    }

    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        live.path("warnings").forEach(warning -> warnings.add(warning.asText()));
        return warnings;
    }

    @Override
    public void close() throws Exception {
        socket.close();
    }
}
