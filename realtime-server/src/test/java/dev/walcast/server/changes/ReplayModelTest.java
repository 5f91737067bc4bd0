package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.server.changes.ModelClient.Wish;
import dev.walcast.server.limits.ReplayLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random interleavings of commits, joins, cuts, resumes, hand-overs, evictions, changes of viewers and kills of
/// servers. Each client receives every change after the position where it began, once and in order, or a reset.
/// `-Dwalcast.fuzz.cases` makes it long. The seed is printed; `-Dwalcast.fuzz.seed` repeats its decisions, but not
/// the scheduler's.
class ReplayModelTest {
    private static final int CASES = Math.max(1, Integer.getInteger("walcast.fuzz.cases", 6_000) / 400);
    private static final int CLIENTS = 8;
    private static final int LIVES = 3;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());

    /// @param roomy whether the window keeps everything, so that no client may receive a reset
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyClientHasEveryChangeOnceOrReset(boolean roomy) throws Exception {
        System.out.println("ReplayModelTest seed " + seed);
        int resumed = 0;
        int reset = 0;
        for (int i = 0; i < CASES; i++) {
            Case one = new Case(seed + i, roomy);
            one.run();
            resumed += one.clients.stream().mapToInt(ModelClient::resumed).sum();
            reset += one.clients.stream().mapToInt(ModelClient::reset).sum();
        }
        System.out.println("ReplayModelTest: " + resumed + " resumed, " + reset + " reset");
        assertThat(resumed).isGreaterThan(CASES * CLIENTS);
        if (roomy) {
            assertThat(reset).isZero();
        } else {
            assertThat(reset).isPositive();
        }
    }

    private static final class Case {
        private final Random random;
        private final boolean roomy;
        private final ScriptedSource source = new ScriptedSource();
        private final AtomicLong nanos = new AtomicLong();
        private final List<ModelClient> clients = new ArrayList<>();
        private long nextId;

        Case(long seed, boolean roomy) {
            this.random = new Random(seed);
            this.roomy = roomy;
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new ModelClient("seed " + seed + ", client " + i, wishes(i), random.nextLong()));
            }
        }

        /// Those that resume by timestamp cannot prove anything about the first second.
        private List<Wish> wishes(int client) {
            boolean byTimestamp = !roomy && client % 4 == 3;
            return switch (client % 4) {
                case 0 -> List.of(new Wish("busy", null, byTimestamp));
                case 1 ->
                    List.of(new Wish("busy", "v=match.(x|y)+", byTimestamp), new Wish("quiet", null, byTimestamp));
                case 2 -> List.of(new Wish("*", null, byTimestamp));
                default -> List.of(new Wish("quiet", null, byTimestamp), new Wish("busy", "id=gt.200", byTimestamp));
            };
        }

        private ReplayLimits limits() {
            return roomy
                    ? ModelDatabase.ROOMY
                    : new ReplayLimits(400_000, Duration.ofSeconds(20), 20_000, Duration.ZERO);
        }

        private ChangePath path() {
            ModelDatabase database = new ModelDatabase(random.nextLong());
            return database.path(database, database, database, limits(), nanos::get);
        }

        void run() throws Exception {
            for (int life = 0; life < LIVES; life++) {
                try (ChangePath path = path()) {
                    source.attach(path, micros());
                    live(path, life == LIVES - 1);
                }
            }
            clients.forEach(client -> client.check(changes()));
        }

        private long micros() {
            return nanos.get() / 1000;
        }

        /// The life of one server. In the last one all clients stay until they have everything.
        private void live(ChangePath path, boolean last) throws InterruptedException {
            AtomicBoolean writing = new AtomicBoolean(true);
            List<Thread> threads = new ArrayList<>();
            for (ModelClient client : clients) {
                long pace = 1 + random.nextInt(3_000_000);
                threads.add(Thread.ofVirtual().start(() -> {
                    while (writing.get()) {
                        client.live(path.feed(), pace);
                    }
                }));
            }
            write(path);
            writing.set(false);
            for (Thread thread : threads) {
                thread.join();
            }
            if (last) {
                List<Change> changes = changes();
                clients.forEach(client -> client.connect(path.feed()));
                for (ModelClient client : clients) {
                    try {
                        await().atMost(Duration.ofSeconds(20))
                                .pollInterval(Duration.ofMillis(2))
                                .until(() -> client.isComplete(changes));
                    } catch (ConditionTimeoutException _) {
                        client.check(changes);
                    }
                }
                clients.forEach(ModelClient::cut);
            }
        }

        private void write(ChangePath path) {
            for (int i = 0; i < 150; i++) {
                List<Row> rows = new ArrayList<>();
                int count = random.nextInt(random.nextInt(20) == 0 ? 60 : 4);
                for (int n = 0; n < count; n++) {
                    Table table = random.nextInt(6) == 0 ? ModelDatabase.QUIET : ModelDatabase.BUSY;
                    rows.add(ModelDatabase.row(table, nextId++, "text"));
                }
                boolean inMemory = roomy || random.nextInt(60) > 0;
                source.deliver(path, source.commit(micros(), rows, inMemory));
                nanos.addAndGet(random.nextInt(200) * 1_000_000L);
                if (random.nextInt(10) == 0) {
                    int _ = source.keep(path, limits().walBytes());
                }
                if (random.nextInt(4) == 0) {
                    LockSupport.parkNanos(random.nextInt(400_000));
                }
            }
        }

        private List<Change> changes() {
            return source.log().stream()
                    .flatMap(transaction -> transaction.changes().stream())
                    .toList();
        }
    }
}
