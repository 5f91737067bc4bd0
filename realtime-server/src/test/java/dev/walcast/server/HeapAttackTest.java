package dev.walcast.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A client with an anonymous key attacks the real server with a heap of 128 MB, beside a subscriber that misses no
/// row.
class HeapAttackTest {
    private static final Pattern PORT = Pattern.compile("listening on port (\\d+)");
    private static final Pattern TOTAL = Pattern.compile("Total +\\d+ +(\\d+)");

    /// As in the budget: `docs/sizing.md`.
    private static final long SEAT_BYTES = 28 * 1024;

    private static final long CHANNEL_BYTES = 5 * 1024;

    @TempDir
    private static Path folder;

    private static TestPostgres postgres;
    private static DevProcess server;
    private static int port;
    private static int rows;

    private final List<RawSocket> attackers = new ArrayList<>();
    private RawSocket healthy;
    private long before;

    @BeforeAll
    static void serve() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id int primary key)",
                "grant select on rows to anon",
                "create publication supabase_realtime for table rows");
        Map<String, String> environment = Map.of(
                "DATABASE_URL",
                postgres.url(),
                "JWT_SECRET",
                TestServer.SECRET,
                "PORT",
                "0",
                "READER",
                TestServer.READER.name(),
                "JAVA_TOOL_OPTIONS",
                "-Xmx128m -XX:+ExitOnOutOfMemoryError");
        server = DevProcess.run(folder, environment, "serve");
        await().atMost(Duration.ofSeconds(90))
                .until(() -> PORT.matcher(server.output()).find() || !server.isAlive());
        Matcher matcher = PORT.matcher(server.output());
        assertThat(matcher.find()).as(server.output()).isTrue();
        port = Integer.parseInt(matcher.group(1));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        postgres.close();
    }

    @BeforeEach
    void subscribe() throws IOException {
        healthy = RawSocket.open(port, path(), Map.of());
        healthy.join(
                "realtime:rows",
                "{\"postgres_changes\":[{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"rows\"}]}");
        while (!healthy.receiveJson().at("/4/message").asText().equals("Subscribed to PostgreSQL")) {
            // rows of another test
        }
        assertServed();
        before = liveBytes();
    }

    @AfterEach
    void assertMemoryIsGivenBack() throws Exception {
        assertServed();
        for (RawSocket attacker : attackers) {
            attacker.close();
        }
        assertThat(server.output()).doesNotContain("java.lang.OutOfMemoryError");
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(liveBytes()).isLessThan(before + before / 10));
        healthy.close();
    }

    /// Fifty rows, each of which has to arrive.
    private void assertServed() throws IOException {
        TreeSet<Integer> received = new TreeSet<>();
        postgres.execute("insert into rows select " + rows + " + i from generate_series(1, 50) i");
        rows += 50;
        healthy.send("[null,\"9\",\"phoenix\",\"heartbeat\",{}]");
        while (received.size() < 50) {
            JsonNode id = healthy.receiveJson().at("/4/data/record/id");
            if (id.isInt()) {
                received.add(id.asInt());
            }
        }
        assertThat(received.last()).isEqualTo(rows);
    }

    private static String path() {
        return "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon");
    }

    private RawSocket attacker() throws IOException {
        RawSocket socket = RawSocket.open(port, path(), Map.of());
        attackers.add(socket);
        return socket;
    }

    /// The bytes of live objects after a collection.
    private static long liveBytes() throws IOException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process process = new ProcessBuilder(jcmd.toString(), Long.toString(server.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        Matcher total = TOTAL.matcher(output);
        assertThat(total.find()).as(output).isTrue();
        return Long.parseLong(total.group(1));
    }

    @Test
    void partialMessagesOfManySockets() throws Exception {
        for (int i = 0; i < 60; i++) {
            sendQuietly(attacker(), false, new byte[4_900_000]);
        }
    }

    /// The trees would be forty times as large.
    @Test
    void joinsThatBecomeLargeTrees() throws Exception {
        String nest = "{\"\":".repeat(400) + "{}" + "}".repeat(400);
        byte[] join = ("[\"1\",\"1\",\"realtime:nest\",\"phx_join\",{\"config\":[" + (nest + ",").repeat(2_000)
                        + "1]}]")
                .getBytes(UTF_8);
        for (int i = 0; i < 10; i++) {
            sendQuietly(attacker(), true, join);
        }
    }

    @Test
    void readersThatDoNotRead() throws Exception {
        RawSocket loud = attacker();
        for (int i = 0; i < 20; i++) {
            RawSocket deaf = RawSocket.openWithSmallBuffer(port, path());
            attackers.add(deaf);
            deaf.join("realtime:loud" + i, "{}");
            loud.join("realtime:loud" + i, "{}");
            byte[] broadcast = ("[\"1\",\"2\",\"realtime:loud" + i + "\",\"broadcast\",{\"event\":\"e\",\"payload\":\""
                            + "x".repeat(1_000_000) + "\"}]")
                    .getBytes(UTF_8);
            for (int n = 0; n < 6; n++) {
                sendQuietly(loud, true, broadcast);
            }
        }
    }

    /// The budget's estimates are at most a tenth below the real cost of sockets and channels.
    @Test
    void idleSocketsCostNoMoreThanTheirSeats() throws Exception {
        for (int i = 0; i < 300; i++) {
            attacker();
        }
        long sockets = liveBytes() - before;
        for (RawSocket socket : attackers) {
            socket.join("realtime:idle", "{}");
        }
        long joined = liveBytes() - before;
        assertThat(sockets).isLessThan(330 * SEAT_BYTES);
        assertThat(joined).isLessThan(330 * (SEAT_BYTES + CHANNEL_BYTES));
    }

    /// The server may refuse it meanwhile.
    private static void sendQuietly(RawSocket socket, boolean last, byte[] text) {
        try {
            socket.frame(last, 0x1, text);
        } catch (IOException _) {
            // it has been refused
        }
    }
}
