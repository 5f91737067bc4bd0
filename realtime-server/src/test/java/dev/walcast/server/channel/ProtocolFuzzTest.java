package dev.walcast.server.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Attackers send random and mutated frames of both versions while a healthy client sends messages to itself. The
/// long run is `-Dwalcast.fuzz.frames=1000000`; `-Dwalcast.fuzz.seed` repeats one.
class ProtocolFuzzTest {
    private static final int ATTACKERS = 6;
    private static final String TOPIC = "realtime:healthy";
    private static final String SECRET = "only-for-the-healthy";
    private static final Pattern OURS = Pattern.compile("socket|outbox|cut-|channel|fuzz|jwks");
    private static final long HEAP_GROWTH_MAX = 24L << 20;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final long frames = Long.getLong("walcast.fuzz.frames", 6_000);

    @TempDir
    private Path folder;

    @Test
    void fuzzDisturbsNoHealthyClient() throws Exception {
        System.out.println("protocol fuzz: " + frames + " frames with seed " + seed);
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = server.open()) {
            client.text(TestingServer.join("1", TOPIC));
            assertThat(client.nextText()).isEqualTo(TestingServer.joined("1", TOPIC));
            attack(server, client, Math.min(frames, 2_000), 0);
            awaitQuiet(server);
            long heapBefore = usedHeap();
            List<String> threadsBefore = threads();
            long startNanos = System.nanoTime();
            Healthy healthy = attack(server, client, frames, 1);
            double seconds = (System.nanoTime() - startNanos) / 1e9;
            awaitQuiet(server);
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(threads()).hasSameSizeAs(threadsBefore));
            long growth = usedHeap() - heapBefore;
            System.out.printf(
                    "protocol fuzz: %d frames in %.1f s, %d messages of the healthy client, the slowest %d ms, heap %+d"
                            + " KiB, %d frames dropped as malformed%n",
                    frames,
                    seconds,
                    healthy.messages,
                    healthy.slowestMillis,
                    growth >> 10,
                    server.sockets.stats().malformed());
            assertThat(growth).as("growth of the heap, seed %d", seed).isLessThan(HEAP_GROWTH_MAX);
            assertThat(healthy.messages).isPositive();
        }
    }

    private record Healthy(long messages, long slowestMillis) {}

    private Healthy attack(TestingServer server, WireClient client, long count, int stage) throws Exception {
        AtomicLong left = new AtomicLong(count);
        AtomicBoolean over = new AtomicBoolean();
        // platform threads: the server's virtual ones must not compete with the attackers' for carriers
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().name("fuzz").factory())) {
            Future<Healthy> healthy = executor.submit(() -> talkToOneself(client, over));
            List<Future<?>> attackers = new ArrayList<>();
            for (int i = 0; i < ATTACKERS; i++) {
                FuzzAttacker attacker = new FuzzAttacker(server.port(), seed + 31L * i + 1_009L * stage, left, SECRET);
                attackers.add(executor.submit(() -> {
                    attacker.run();
                    return null;
                }));
            }
            try {
                for (Future<?> attacker : attackers) {
                    attacker.get();
                }
            } catch (Exception e) {
                throw new AssertionError("seed " + seed, e);
            } finally {
                left.set(0);
                over.set(true);
            }
            return healthy.get();
        }
    }

    /// Each message must return alone, in order and unchanged.
    private static Healthy talkToOneself(WireClient client, AtomicBoolean over) throws Exception {
        long n = 0;
        long slowestNanos = 0;
        while (!over.get()) {
            n++;
            String payload = "{\"type\":\"broadcast\",\"event\":\"" + SECRET + "\",\"payload\":{\"n\":" + n + "}}";
            long startNanos = System.nanoTime();
            client.text(TestingServer.broadcast("m" + n, TOPIC, payload));
            assertThat(client.nextText()).isEqualTo(TestingServer.delivered(TOPIC, payload));
            assertThat(client.nextText()).isEqualTo(TestingServer.ok("1", "m" + n, TOPIC));
            slowestNanos = Math.max(slowestNanos, System.nanoTime() - startNanos);
        }
        return new Healthy(n, slowestNanos / 1_000_000);
    }

    /// Waits until only the healthy client, its topic and its expiry check are left.
    private static void awaitQuiet(TestingServer server) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(server.sockets.stats().connected()).as("sockets").isEqualTo(1);
            assertThat(server.sockets.openRooms()).as("topics").isEqualTo(1);
            assertThat(server.sockets.channels()).as("channels").isEqualTo(1);
            assertThat(server.sockets.waitingTimers()).as("timers").isEqualTo(1);
            assertThat(server.feed.subscriptions()).as("subscriptions").isEmpty();
        });
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
        }
        return used;
    }

    /// Those that belong to connections, channels and attackers; the JVM's own come and go.
    private List<String> threads() throws Exception {
        Path dump = folder.resolve("threads" + System.nanoTime());
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
        try (Stream<String> lines = Files.lines(dump)) {
            return lines.filter(
                            line -> line.startsWith("#") && OURS.matcher(line).find())
                    .toList();
        }
    }
}
