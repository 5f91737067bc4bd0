package dev.walcast.server.attack;

import static java.util.Objects.requireNonNull;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/// A server with a healthy client, its writer and newcomers, and the attack on them.
final class Battle implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration CALM = Duration.ofSeconds(2);

    private final TestPostgres postgres;
    private final Path folder;
    private final ServerUnderAttack server;
    private final @Nullable SmallDisk disk;
    private final Target target;
    private final HealthyClient healthy;
    private final SteadyWriter writer;
    private final NewClients newcomers;
    private final long firstRow;
    private @Nullable Gauge lastGauge;
    private long gaugedPid;

    private Battle(
            TestPostgres postgres, ServerUnderAttack server, Path folder, @Nullable SmallDisk disk, long firstRow) {
        this.postgres = postgres;
        this.server = server;
        this.folder = folder;
        this.disk = disk;
        this.firstRow = firstRow;
        this.target = new Target(server.port(), TestServer.SECRET, 1);
        this.healthy = new HealthyClient(server.port(), target);
        this.writer = new SteadyWriter(postgres, firstRow, healthy);
        this.newcomers = new NewClients(server, target);
    }

    /// Returns when the healthy client gets its rows.
    ///
    /// @param firstRow a number that no row has
    static Battle begin(
            TestPostgres postgres, ServerSetup setup, String slot, Path folder, @Nullable SmallDisk disk, long firstRow)
            throws Exception {
        Map<String, String> settings = Map.of(
                "DATABASE_URL",
                postgres.url(),
                "JWT_SECRET",
                TestServer.SECRET,
                "HOST",
                "127.0.0.1",
                "SLOT_NAME",
                slot,
                "READER",
                TestServer.READER.name());
        ServerUnderAttack server = ServerUnderAttack.start(setup, settings, folder.resolve(slot + ".log"));
        Battle battle = new Battle(postgres, server, folder, disk, firstRow);
        try {
            await().atMost(PATIENCE).until(() -> battle.healthy.received.size() > 50);
            return battle;
        } catch (Throwable e) {
            battle.close();
            throw e;
        }
    }

    /// A span of time and what was used in it.
    ///
    /// @param cpu     seconds of the server, of Postgres and of the attacker together
    /// @param said    how much an attacker has done
    /// @param lastRow the last row committed before its end
    record Round(long fromMicros, long toMicros, double cpu, int exits, String said, long lastRow) {
        double seconds() {
            return (toMicros - fromMicros) / 1e6;
        }
    }

    /// For this time; and up to the longest, when the attacker has not done enough by then.
    Round attack(Kind kind, Duration time, Duration longest, double share) throws Exception {
        if (!kind.isOfClient()) {
            return round(() -> {
                new ServerFaults(postgres, server, requireNonNull(disk, "no disk"), target).happen(kind, time, share);
                return new Used(0, "");
            });
        }
        return round(() -> {
            try (Child attacker = attacker(kind, share)) {
                await().atMost(longest.plus(PATIENCE))
                        .pollInterval(Duration.ofMillis(100))
                        .until(after(time, longest, () -> deeds(attacker) >= kind.leastDeeds()));
                return new Used(CpuTime.of(attacker.pid()), lastLine(attacker.output()));
            }
        });
    }

    private static Callable<Boolean> after(Duration time, Duration longest, BooleanSupplier enough) {
        long began = System.nanoTime();
        return () -> {
            long took = System.nanoTime() - began;
            return took > longest.toNanos() || took > time.toNanos() && enough.getAsBoolean();
        };
    }

    private static long deeds(Child attacker) {
        String line = lastLine(attacker.output());
        int space = line.indexOf(' ');
        return space < 0 ? 0 : Long.parseLong(line.substring(0, space));
    }

    private Child attacker(Kind kind, double share) throws Exception {
        Child attacker = Child.java(
                folder.resolve(kind + "-" + System.nanoTime() + ".log"),
                0,
                Map.of(),
                List.of("-Xmx1g", "-XX:+UseSerialGC", "-Xshare:auto", "-XX:TieredStopAtLevel=1"),
                Attacker.class.getName(),
                kind.name(),
                Integer.toString(server.port()),
                TestServer.SECRET,
                Double.toString(share));
        awaitBegun(attacker);
        return attacker;
    }

    private static void awaitBegun(Child child) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> child.output().contains("begun"));
    }

    private static String lastLine(String output) {
        return output.stripTrailing().lines().reduce("", (_, line) -> line);
    }

    /// Nothing is done.
    Round calm() throws Exception {
        return round(() -> {
            LockSupport.parkNanos(CALM.toNanos());
            return new Used(0, "");
        });
    }

    /// As much CPU is burnt as in a round of an attack, by a process that has nothing to do with the server.
    Round burn(Round attack, Round calm) throws Exception {
        double processors = attack.cpu / attack.seconds() - calm.cpu / calm.seconds();
        try (Child burner = Child.java(
                folder.resolve("burner-" + System.nanoTime() + ".log"),
                0,
                Map.of(),
                List.of("-XX:+UseSerialGC"),
                CpuBurner.class.getName(),
                Double.toString(Math.max(0.01, processors)))) {
            awaitBegun(burner);
            return round(() -> {
                LockSupport.parkNanos((long) (attack.seconds() * 1e9));
                return new Used(CpuTime.of(burner.pid()), "");
            });
        }
    }

    private record Used(double cpu, String said) {}

    private interface Happening {
        Used happen() throws Exception;
    }

    private Round round(Happening happening) throws Exception {
        int exits = server.exits();
        long pid = server.pid();
        double before = CpuTime.of(pid) + CpuTime.ofTree(postgres.pid());
        long from = HealthyClient.nowMicros();
        Used used = happening.happen();
        double after = CpuTime.of(pid) + CpuTime.ofTree(postgres.pid());
        double cpu = Math.max(0, after - before) + used.cpu; // of a server that has ended nothing is known
        return new Round(from, HealthyClient.nowMicros(), cpu, server.exits() - exits, used.said, writer.committed());
    }

    /// Waits until the healthy client has everything up to the end of a round.
    ///
    /// @return how many rows never came: for a minute not a single one has come, and the server has not ended
    long awaitRows(Round round) {
        return awaitRows(round, PATIENCE);
    }

    /// @param patience another one than a minute
    long awaitRows(Round round, Duration patience) {
        long missing = missing(round.lastRow);
        long came = System.nanoTime();
        int exits = server.exits();
        while (missing > 0 && System.nanoTime() - came < patience.toNanos()) {
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
            long still = missing(round.lastRow);
            if (still < missing || server.exits() > exits) {
                exits = server.exits();
                came = System.nanoTime();
            }
            missing = still;
        }
        return missing;
    }

    private long missing(long lastRow) {
        return LongStream.rangeClosed(firstRow, lastRow)
                .filter(n -> n % SteadyWriter.FOREIGN != 0 && !healthy.received.contains(n))
                .count();
    }

    Gauge gauge() throws Exception {
        lastGauge = Gauge.of(server.pid(), postgres);
        gaugedPid = server.pid();
        return lastGauge;
    }

    /// The last gauge that this process of the server reported.
    Gauge lastGauge() throws Exception {
        return lastGauge != null && gaugedPid == server.pid() ? lastGauge : gauge();
    }

    /// Waits until the server holds no more than this.
    ///
    /// @return what it holds at the end; null when it never answered
    @Nullable
    Gauge awaitWithin(Gauge limit, Duration time) {
        Gauge[] last = new Gauge[1];
        try {
            await().atMost(time)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(500))
                    .ignoreExceptions()
                    .until(() -> {
                        last[0] = gauge();
                        return last[0].isWithin(limit);
                    });
        } catch (ConditionTimeoutException _) {
            // the server reports what it holds
        }
        return last[0];
    }

    HealthyClient healthy() {
        return healthy;
    }

    NewClients newcomers() {
        return newcomers;
    }

    /// A number that no row has, after the end.
    long nextRow() {
        return writer.committed() + 2;
    }

    @Override
    public void close() throws Exception {
        try {
            newcomers.close();
            writer.close();
            healthy.close();
        } finally {
            server.close();
        }
    }
}
