package dev.walcast.server;

import static dev.walcast.server.GoldenLines.conn;
import static dev.walcast.server.GoldenLines.data;
import static dev.walcast.server.GoldenLines.dir;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.golden.Deviation;
import dev.walcast.server.golden.GoldenTranscript;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// Plays one transcript against a Walcast server, in the database that the server follows.
final class GoldenChangesReplay implements AutoCloseable {
    private static final AtomicInteger MARKERS = new AtomicInteger();
    private static final List<String> TABLES = List.of(
            "todos",
            "other.items",
            "notinpub",
            "all_types",
            "all_types_full",
            "toast_def",
            "toast_full",
            "nopk",
            "comppk",
            "\"Weird Table\"",
            "filt",
            "rls_notes",
            "rls_org",
            "noselect",
            "colpriv",
            "marker");

    private final GoldenTranscript transcript;
    private final Connection database;
    private final int port;
    private final Map<String, GoldenSocket> sockets = new LinkedHashMap<>();
    private final Map<String, ChangeFrames> recorded = new HashMap<>();
    private final List<Deviation> deviations;
    private final List<ValueDeviation> values;
    private final Set<Object> unused = new HashSet<>();
    private final List<JsonNode> lines;
    private boolean joined;
    private boolean changed;
    private boolean skipped;

    GoldenChangesReplay(GoldenTranscript transcript, Connection database, int port) throws Exception {
        this.transcript = transcript;
        this.database = database;
        this.port = port;
        this.lines = GoldenLines.withoutHaste(transcript.lines());
        this.deviations = ChangeDeviations.all().stream()
                .filter(d -> d.transcript().equals(transcript.name()))
                .toList();
        this.values = ValueDeviation.all().stream()
                .filter(v -> transcript.name().startsWith(v.transcripts()))
                .toList();
        unused.addAll(deviations);
        unused.addAll(values);
        prepare();
    }

    private void prepare() throws Exception {
        for (String table : TABLES) {
            execute("truncate " + table);
        }
        Optional<String> leftovers = ChangeDeviations.leftovers(transcript.name());
        if (leftovers.isPresent()) {
            execute(leftovers.get());
        }
        GoldenSocket observer = GoldenSocket.open(port, "/socket/websocket?vsn=2.0.0&apikey=" + TestingTokens.ANON);
        sockets.put("observer", observer);
        observer.joinMarked("""
                ["1","1","realtime:observer","phx_join",{"config":{"postgres_changes":[]}}]""");
        observer.awaitSubscription("realtime:observer");
    }

    @Override
    public void close() throws Exception {
        for (GoldenSocket socket : sockets.values()) {
            socket.close();
        }
    }

    void run() throws Exception {
        for (JsonNode line : lines) {
            switch (dir(line)) {
                case "open>" ->
                    sockets.put(
                            conn(line),
                            GoldenSocket.open(port, line.path("path").asText()));
                case ">" -> send(line);
                case "<" -> expect(line);
                case "close>" -> hangUp(conn(line));
                case "sql" -> change(line);
                case "open<", "close<", "note" -> {}
                default -> throw new AssertionError("unknown line " + line);
            }
        }
        assertThat(skipped)
                .as("changes from before the join")
                .isEqualTo(ChangeDeviations.BEGIN_BEFORE_THE_JOIN.contains(transcript.name()));
        assertThat(unused).as("declared deviations that did not occur").isEmpty();
    }

    private void send(JsonNode line) throws IOException {
        String text = data(line);
        JsonNode frame = ChangeFrames.parse(text);
        if (text.contains("\"phx_join\"")) {
            joined = true;
            if (isAccepted(conn(line), ChangeFrames.topic(frame))) {
                socket(conn(line)).joinMarked(text);
                return;
            }
        } else if (text.contains("\"phx_leave\"")) {
            socket(conn(line)).leave(text);
            return;
        }
        socket(conn(line)).send(text);
    }

    private boolean isAccepted(String conn, String topic) {
        return lines.stream()
                .filter(l -> dir(l).equals("<") && conn(l).equals(conn))
                .filter(l -> data(l).contains("\"system\""))
                .filter(l -> data(l).contains("\"" + topic + "\""))
                .findFirst()
                .filter(l -> data(l).contains("Subscribed to PostgreSQL"))
                .filter(l -> deviations.stream().noneMatch(d -> content(l).contains(d.at())))
                .isPresent();
    }

    private void expect(JsonNode line) throws IOException {
        String text = data(line);
        if (joined && !changed && text.contains("\"commit_timestamp\"")) {
            skipped = true;
            return;
        }
        Optional<Deviation> deviation = deviationAt(content(line), false);
        List<String> frames = deviation.map(Deviation::frames).orElse(List.of(GoldenLines.whole(text)));
        for (String frame : frames) {
            expect(line, conn(line), frame, deviation.isEmpty());
        }
    }

    private void expect(JsonNode line, String conn, String text, boolean isRecorded) throws IOException {
        JsonNode expected = recordedFrames(conn).masked(ChangeFrames.parse(text));
        if (isRecorded) {
            differ(ChangeFrames.payload(expected).path("data"));
        }
        assertThat(socket(conn).next(expected)).as(line.toString()).isEqualTo(expected);
    }

    private ChangeFrames recordedFrames(String conn) {
        return recorded.computeIfAbsent(conn, c -> new ChangeFrames());
    }

    /// Puts our values in the place of theirs.
    private void differ(JsonNode data) {
        for (String side : List.of("record", "old_record")) {
            for (ValueDeviation value : values) {
                if (data.path(side) instanceof ObjectNode row && value.isIn(row)) {
                    unused.remove(value);
                    value.replaceIn(row);
                }
            }
        }
    }

    private void hangUp(String conn) throws Exception {
        GoldenSocket socket = sockets.remove(conn);
        assertThat(socket.unread())
                .as("sent to " + conn + " beyond the transcript")
                .isEmpty();
        socket.close();
    }

    private void change(JsonNode line) throws Exception {
        changed |= joined;
        execute(GoldenLines.statement(line));
        mark();
        Optional<Deviation> extra = deviationAt(GoldenLines.statement(line), true);
        if (extra.isPresent()) {
            for (String frame : extra.get().frames()) {
                int space = frame.indexOf(' ');
                expect(line, frame.substring(0, space), frame.substring(space), false);
            }
        }
    }

    private void mark() throws Exception {
        int marker = MARKERS.incrementAndGet();
        execute("insert into marker values (" + marker + ")");
        for (GoldenSocket socket : sockets.values()) {
            socket.awaitMarker(marker);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = database.createStatement()) {
            statement.execute(sql);
        }
    }

    private Optional<Deviation> deviationAt(String content, boolean extra) {
        Optional<Deviation> found = deviations.stream()
                .filter(d -> d.extra() == extra && content.contains(d.at()))
                .findFirst();
        found.ifPresent(unused::remove);
        return found;
    }

    private GoldenSocket socket(String conn) {
        return requireNonNull(sockets.get(conn), conn);
    }

    private static String content(JsonNode line) {
        return data(line) + " " + conn(line);
    }
}
