package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Table;
import dev.walcast.server.changes.ModelTables.Writer;
import dev.walcast.server.changes.SnapshotBinding.Filter;
import dev.walcast.server.changes.SnapshotBinding.Wish;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.limits.SnapshotLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random interleavings of transactions that others see in another order than the log has them, of clients that begin
/// with rows, stop reading, are cut and reconnect, of evictions, of recreated slots and restarted servers. At each
/// quiet moment a client's rows and changes are exactly those of the model, and together yield the table, or the
/// client received a reset and began again.
///
/// `-Dwalcast.fuzz.cases` makes it long; the seed is printed and `-Dwalcast.fuzz.seed` plays its decisions again,
/// though not the scheduler's.
class SnapshotModelTest {
    private static final int CASES = Math.max(1, Integer.getInteger("walcast.fuzz.cases", 6_000) / 250);
    private static final int ROUNDS = 5;
    private static final int STEPS = 120;
    private static final int CLIENTS = 8;
    private static final int IDS = 12;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());

    /// @param roomy whether the window keeps everything, so that it never evicts what is needed
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rowsAndChangesYieldTheTable(boolean roomy) {
        System.out.println("SnapshotModelTest seed " + seed);
        List<SnapshotBinding> bindings = new ArrayList<>();
        for (int i = 0; i < CASES; i++) {
            Case one = new Case(seed + i, roomy);
            one.run();
            one.clients.forEach(client -> bindings.addAll(client.bindings()));
        }
        int snapshots = sum(bindings, SnapshotBinding::snapshots);
        int resumed = sum(bindings, SnapshotBinding::resumed);
        int expired = sum(bindings, SnapshotBinding::expired);
        int unjoined = sum(bindings, SnapshotBinding::unjoined);
        System.out.println("SnapshotModelTest: " + snapshots + " snapshots (" + sum(bindings, SnapshotBinding::renewed)
                + " instead of resuming), " + resumed + " resumed, " + sum(bindings, SnapshotBinding::reset)
                + " reset (" + unjoined + " without their rows), " + expired + " expired, "
                + sum(bindings, SnapshotBinding::replayed) + " changes replayed");
        assertThat(snapshots).isGreaterThan(CASES * CLIENTS);
        assertThat(resumed).isGreaterThan(CASES);
        if (roomy) {
            assertThat(expired + unjoined).isZero();
        } else {
            assertThat(expired).isPositive();
        }
    }

    private static int sum(List<SnapshotBinding> bindings, ToIntFunction<SnapshotBinding> count) {
        return bindings.stream().mapToInt(count).sum();
    }

    private static final class Case {
        private final String name;
        private final Random random;
        private final boolean roomy;
        private final AtomicLong nanos = new AtomicLong();
        private final ScriptedSource source = new ScriptedSource();
        private final ModelTables tables;
        private final List<Writer> writers = new ArrayList<>();
        private final List<SnapshotClient> clients = new ArrayList<>();
        private ChangePath path;
        private int delivered;
        private Lsn from = Lsn.ZERO;

        Case(long seed, boolean roomy) {
            this.name = "seed " + seed;
            this.random = new Random(seed);
            this.roomy = roomy;
            // Not far from where ids of 32 bits begin again.
            long firstXid = (1L + random.nextInt(3) << 32) - random.nextInt(400);
            this.tables = new ModelTables(source, this::micros, firstXid, random.nextLong());
            for (int i = 0; i < CLIENTS; i++) {
                List<SnapshotBinding> bindings = Stream.generate(() -> new SnapshotBinding(wish()))
                        .limit(1 + random.nextInt(3))
                        .toList();
                clients.add(new SnapshotClient(name + ", client " + i, bindings, random.nextLong()));
            }
            this.path = path();
        }

        private Wish wish() {
            Filter[] filters = Filter.values();
            boolean snapshot = random.nextInt(4) > 0;
            return new Wish(
                    random.nextInt(3) == 0 ? ModelDatabase.QUIET : ModelDatabase.BUSY,
                    filters[random.nextInt(filters.length)],
                    snapshot,
                    snapshot && random.nextInt(4) == 0 ? 1 + random.nextInt(6) : 0,
                    random.nextBoolean(),
                    random.nextBoolean());
        }

        private ReplayLimits limits() {
            SnapshotLimits snapshots = new SnapshotLimits(1_000, Duration.ofSeconds(60), 2, 100);
            return roomy
                    ? new ReplayLimits(1L << 30, Duration.ofDays(1), 1L << 40, Duration.ZERO, snapshots)
                    : new ReplayLimits(40_000, Duration.ofSeconds(20), 20_000, Duration.ZERO, snapshots);
        }

        private ChangePath path() {
            ModelDatabase database = new ModelDatabase(random.nextLong());
            return database.path(database, database, tables, limits(), nanos::get);
        }

        void run() {
            try {
                attach();
                for (int round = 0; round < ROUNDS; round++) {
                    for (int step = 0; step < STEPS; step++) {
                        step();
                    }
                    beQuiet();
                }
            } finally {
                clients.forEach(SnapshotClient::cut);
                path.close();
            }
        }

        // -- steps

        private void step() {
            int dice = random.nextInt(100);
            if (dice < 10) {
                writers.add(tables.begin());
            } else if (dice < 45) {
                with(writer -> !writer.isLogged(), this::write);
            } else if (dice < 57) {
                with(writer -> !writer.isLogged(), writer -> tables.log(writer, roomy || random.nextInt(12) > 0));
            } else if (dice < 69) {
                with(Writer::isLogged, this::end);
            } else if (dice < 72) {
                with(writer -> !writer.isLogged(), this::end);
            } else if (dice < 88) {
                deliver(1 + random.nextInt(4));
            } else if (dice < 91) {
                int _ = source.keep(path, limits().walBytes());
            } else if (random.nextInt(50) > 0) {
                clientsDo();
            } else if (random.nextBoolean()) {
                loseSlot();
            } else {
                restart();
            }
            nanos.addAndGet(random.nextInt(200) * 1_000_000L);
            if (random.nextInt(3) == 0) {
                LockSupport.parkNanos(random.nextInt(200_000));
            }
        }

        private void with(Predicate<Writer> which, java.util.function.Consumer<Writer> action) {
            List<Writer> some = writers.stream().filter(which).toList();
            if (!some.isEmpty()) {
                action.accept(some.get(random.nextInt(some.size())));
            }
        }

        private void write(Writer writer) {
            Table table = random.nextInt(6) == 0 ? ModelDatabase.QUIET : ModelDatabase.BUSY;
            tables.write(writer, table, random.nextInt(IDS), random);
        }

        private void end(Writer writer) {
            tables.end(writer);
            writers.remove(writer);
        }

        private void deliver(int count) {
            List<ScriptedSource.Scripted> log = source.log();
            for (int i = 0; i < count && delivered < log.size(); i++) {
                ScriptedSource.Scripted transaction = log.get(delivered++);
                if (transaction.commit().lsn().isAfter(from)) {
                    source.deliver(path, transaction);
                }
            }
        }

        private void clientsDo() {
            SnapshotClient client = clients.get(random.nextInt(clients.size()));
            client.check();
            if (client.isAway() || client.hasToJoinAgain()) {
                client.connect(path.feed());
                return;
            }
            switch (random.nextInt(5)) {
                case 0 -> client.cut();
                case 1 -> client.connect(path.feed());
                case 2 -> client.changeViewer();
                default -> client.stall(random.nextBoolean());
            }
        }

        /// Makes visible everything in the log (ADR 17).
        private void showWhatIsLogged() {
            writers.stream().filter(Writer::isLogged).toList().forEach(this::end);
        }

        private void loseSlot() {
            showWhatIsLogged();
            from = source.renew(path, String.format("%012x", random.nextLong() & 0xFFFF_FFFF_FFFFL));
            ScriptedSource.Scripted _ = source.commit(micros(), List.of(), true);
        }

        private void restart() {
            showWhatIsLogged();
            clients.forEach(SnapshotClient::cut);
            path.close();
            path = path();
            attach();
        }

        private void attach() {
            source.attach(path, micros());
            delivered = source.log().size();
        }

        private long micros() {
            return nanos.get() / 1000;
        }

        // -- quiet moments

        private void beQuiet() {
            for (Writer writer : List.copyOf(writers)) {
                if (!writer.isLogged() && random.nextBoolean()) {
                    tables.log(writer, true);
                }
                end(writer);
            }
            for (SnapshotClient client : clients) {
                client.stall(false);
                if (client.isAway() && random.nextInt(3) > 0) {
                    client.connect(path.feed());
                }
            }
            try {
                await().pollInSameThread()
                        .atMost(Duration.ofSeconds(20))
                        .pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(this::isQuiet);
            } catch (ConditionTimeoutException _) {
                // each client reports what it lacks
            }
            clients.forEach(client -> client.check(tables, source.log()));
        }

        private boolean isQuiet() {
            deliver(Integer.MAX_VALUE);
            clients.stream().filter(SnapshotClient::hasToJoinAgain).forEach(client -> client.connect(path.feed()));
            List<ScriptedSource.Scripted> log = source.log();
            return clients.stream().allMatch(client -> client.isComplete(tables, log));
        }
    }
}
