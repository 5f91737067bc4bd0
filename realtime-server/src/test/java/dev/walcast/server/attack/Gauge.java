package dev.walcast.server.attack;

import dev.walcast.cdc.testing.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The resources of a server at one moment.
///
/// @param heap        bytes of live objects, after a full collection
/// @param threads     threads of the operating system
/// @param backends    processes of Postgres that serve connections
record Gauge(long heap, int channels, int sockets, int threads, int descriptors, int backends) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");
    private static final Pattern THREADS = Pattern.compile("(?m)^Threads:\\s+(\\d+)");

    /// @param slack bytes of heap that do not count: classes that are loaded at their first use and the like
    Gauge limit(long slack) {
        return new Gauge(
                heap + heap / 10 + slack,
                channels + channels / 10 + 4,
                sockets + sockets / 10 + 4,
                threads + threads / 10 + 6,
                descriptors + descriptors / 10 + 6,
                backends + backends / 10 + (slack > 0 ? 24 : 3));
    }

    /// Whether nothing has gone since.
    boolean isSettledAfter(Gauge earlier) {
        return heap >= earlier.heap * 0.99
                && channels >= earlier.channels
                && sockets >= earlier.sockets
                && threads >= earlier.threads
                && descriptors >= earlier.descriptors
                && backends >= earlier.backends;
    }

    boolean isWithin(Gauge limit) {
        return heap <= limit.heap
                && channels <= limit.channels
                && sockets <= limit.sockets
                && threads <= limit.threads
                && descriptors <= limit.descriptors
                && backends <= limit.backends;
    }

    /// @throws IOException when the server does not answer
    static Gauge of(long pid, TestPostgres postgres) throws Exception {
        String histogram = histogram(pid);
        return new Gauge(
                number(TOTAL, histogram),
                instances(histogram, "dev.walcast.server.channel.Channel"),
                instances(histogram, "dev.walcast.server.socket.Connection"),
                (int) number(THREADS, Files.readString(Path.of("/proc/" + pid + "/status"))),
                descriptors(pid),
                backends(postgres));
    }

    /// Counting all objects begins with a full collection, whichever the collector.
    private static String histogram(long pid) throws Exception {
        Path output = Files.createTempFile("walcast-histogram", ".txt");
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try (Child child = Child.start(output, Map.of(), List.of(jcmd, Long.toString(pid), "GC.class_histogram"))) {
            if (!child.awaitEnd(PATIENCE) || child.exitCode() != 0) {
                throw new IOException("the JVM does not answer jcmd");
            }
            return Files.readString(output, StandardCharsets.ISO_8859_1);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    private static int instances(String histogram, String type) {
        Matcher matcher = Pattern.compile("(?m)^ *\\d+: +(\\d+) +\\d+ +" + Pattern.quote(type) + "(?: |$)")
                .matcher(histogram);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static long number(Pattern pattern, String text) throws IOException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IOException("not found: " + pattern);
        }
        return Long.parseLong(matcher.group(1));
    }

    private static int descriptors(long pid) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return (int) files.count();
        }
    }

    private static int backends(TestPostgres postgres) throws SQLException {
        try (var connection = postgres.connect();
                var statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from pg_stat_activity where backend_type in"
                        + " ('client backend', 'walsender') and pid <> pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        }
    }

    @Override
    public String toString() {
        return "%.1f MB, %d channels, %d sockets, %d threads, %d descriptors, %d backends"
                .formatted(heap / 1e6, channels, sockets, threads, descriptors, backends);
    }
}
