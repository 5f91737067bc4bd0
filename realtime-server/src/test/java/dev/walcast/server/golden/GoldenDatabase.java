package dev.walcast.server.golden;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import dev.walcast.server.json.Slice;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.presence.PresenceLimits;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.testing.TestingChangeFeed;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// The reference's database as far as its transcript shows it. Policies are those of its fixtures, and a statement
/// has the effects that the reference then delivered.
final class GoldenDatabase {
    private final GoldenTranscript transcript;
    private final TestingTopics topics =
            new TestingTopics().read(GoldenDatabase::read).write(GoldenDatabase::write);
    private static final PresenceLimits EVERY_DIFF_BY_ITSELF =
            new PresenceLimits(Duration.ZERO, Duration.ZERO, 100, 100_000, false);

    private final List<TestingServer> servers = new ArrayList<>();
    private final Deque<StoredMessage> toBeStored;
    private final Instant begin;

    GoldenDatabase(GoldenTranscript transcript) {
        this.transcript = transcript;
        this.toBeStored = new ArrayDeque<>(transcript.lines().stream()
                .filter(line -> line.path("conn").asText().equals("since"))
                .filter(line -> line.path("dir").asText().equals("<"))
                .map(GoldenDatabase::replayed)
                .flatMap(Optional::stream)
                .toList());
        this.begin = transcript.lines().stream()
                .map(line -> line.path("data").asText())
                .filter(data -> data.contains("\"since\":1"))
                .map(data -> TestingServer.json(data).findValue("since").asLong())
                .map(Instant::ofEpochMilli)
                .findFirst()
                .orElse(Instant.EPOCH);
    }

    /// Another server on this database.
    TestingServer serve(SocketLimits limits) {
        TestingServer server = new TestingServer(limits, EVERY_DIFF_BY_ITSELF, topics);
        server.feed.refuse(this::refusalOf);
        server.databaseBroadcasts = true;
        servers.add(server);
        return server;
    }

    /// @param index of a statement in the transcript
    void run(int index) {
        String sql = transcript.lines().get(index).path("data").asText();
        if (sql.startsWith("select realtime.send")) {
            send(index, sql);
        } else if (!sql.contains("realtime.messages")) {
            change(index);
        }
    }

    // -- private topics

    private static TopicAccess read(TopicQuestion question) {
        return access(question, List.of("room:", "ro:", own(question)), List.of("bro:"), List.of("pro:"));
    }

    private static TopicAccess write(TopicQuestion question) {
        return access(question, List.of("room:", "wo:", "bro:", "pro:"), List.of(), List.of());
    }

    private static String own(TopicQuestion question) {
        JsonNode sub = TestingServer.json(question.viewer().claims()).path("sub");
        return "own:" + sub.asText("nobody");
    }

    private static TopicAccess access(
            TopicQuestion question, List<String> both, List<String> broadcast, List<String> presence) {
        String topic = question.topic();
        return switch (question.viewer().role()) {
            case "service_role" -> TestingTopics.ALL;
            case "authenticated" -> {
                boolean all = both.stream().anyMatch(topic::startsWith);
                yield new TopicAccess(
                        all || broadcast.stream().anyMatch(topic::startsWith),
                        all || presence.stream().anyMatch(topic::startsWith));
            }
            default -> TopicPermissions.TopicAccess.NONE;
        };
    }

    // -- stored messages

    private void send(int index, String sql) {
        JsonNode next = transcript.nextDelivery(index);
        boolean isPrivate = sql.endsWith("true)");
        if (next.path("type").asText().equals("binary")) {
            Kind4 live = Kind4.of(next);
            servers.forEach(server -> server.sockets
                    .rooms()
                    .broadcast(
                            new Broadcast.User(
                                    live.topic(),
                                    live.event(),
                                    live.encoding(),
                                    Slice.of(live.payload()),
                                    live.stored()),
                            isPrivate));
        } else if (isPrivate) {
            StoredMessage message = toBeStored.remove();
            topics.store(new TestingTopics.Stored("room:replay", begin.plusMillis(1), message));
        }
    }

    private static Optional<StoredMessage> replayed(JsonNode line) {
        if (line.path("type").asText().equals("binary")) {
            Kind4 frame = Kind4.of(line);
            String id = frame.stored().orElseThrow().id();
            return Optional.of(new StoredMessage(id, frame.event(), frame.encoding(), frame.payload()));
        }
        JsonNode payload = TestingServer.json(line.path("data").asText()).get(4);
        return payload.path("meta").path("replayed").asBoolean()
                ? Optional.of(new StoredMessage(
                        payload.path("meta").path("id").asText(),
                        payload.path("event").asText(),
                        Broadcast.Encoding.JSON,
                        payload.path("payload").toString().getBytes(UTF_8)))
                : Optional.empty();
    }

    /// A recorded binary frame to a client.
    private record Kind4(
            Topic topic, String event, Optional<Broadcast.Stored> stored, Broadcast.Encoding encoding, byte[] payload) {
        static Kind4 of(JsonNode line) {
            byte[] frame = Base64.getDecoder().decode(line.path("base64").asText());
            int topic = 5 + frame[1];
            int event = topic + frame[2];
            int meta = event + frame[3];
            return new Kind4(
                    new Topic(new String(frame, 5, frame[1], UTF_8)),
                    new String(frame, topic, frame[2], UTF_8),
                    stored(new String(frame, event, frame[3], UTF_8)),
                    frame[4] == 0 ? Broadcast.Encoding.BINARY : Broadcast.Encoding.JSON,
                    Arrays.copyOfRange(frame, meta, frame.length));
        }

        private static Optional<Broadcast.Stored> stored(String meta) {
            if (meta.isEmpty()) {
                return Optional.empty();
            }
            JsonNode json = TestingServer.json(meta);
            return Optional.of(new Broadcast.Stored(
                    json.path("id").asText(), json.path("replayed").asBoolean()));
        }
    }

    // -- changes

    /// Makes the changes that the reference delivered next.
    private void change(int index) {
        JsonNode first = transcript.nextDelivery(index);
        if (!first.path("data").asText().contains("\"postgres_changes\"")) {
            emit("todos", payload(first));
            return;
        }
        transcript.lines().stream()
                .skip(index + 1L)
                .takeWhile(line -> line.path("dir").asText().equals("<"))
                .map(line -> payload(line).path("data"))
                .forEach(data -> emit(data.path("table").asText(), data));
    }

    private void emit(String table, JsonNode data) {
        TestingServer server = servers.getLast();
        List<TestingChangeFeed.Subscribed> receivers = server.feed.subscriptions().stream()
                .filter(s -> s.isForTable(table) && !s.isFiltered())
                .toList();
        assertThat(receivers).isNotEmpty();
        receivers.forEach(s -> server.feed.emit(s, data.path("type").asText(), data.toString()));
    }

    /// The refusal of the reference, with its text.
    private Optional<String> refusalOf(TestingChangeFeed.Subscribed subscribed) {
        if (!subscribed.isForSchema("plain") && !subscribed.viewer().role().equals("nosuchrole")) {
            return Optional.empty();
        }
        return transcript.lines().stream()
                .filter(line -> line.path("data").asText().contains("Unable to subscribe"))
                .map(line -> payload(line).path("message").asText())
                .findFirst();
    }

    private static JsonNode payload(JsonNode line) {
        JsonNode frame = TestingServer.json(line.path("data").asText());
        return frame.isArray() ? frame.get(4) : frame.path("payload");
    }
}
