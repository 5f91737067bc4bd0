package dev.walcast.server.rights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.rights.RightsOperation.Part;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;

/// Policies, grants, roles, tables, tokens and rows change at random while clients join, leave, resume and read
/// snapshots. Afterwards Postgres decides, for each row that a client received, whether some state of the rights
/// between its commit and its receipt shows it to that client, and for each row that a client missed, whether it had
/// to come.
///
/// Both readers run at once, on the same log. `-Dwalcast.rights=long` repeats it for `-Dwalcast.rights.minutes` (10);
/// `-Dwalcast.fuzz.seed` repeats a plan. Where event triggers announce changes of rights, which the seed decides,
/// transactions also change rights after their last row, and functions take effect at the commit.
class RightsPropertyTest {
    private static final boolean LONG = "long".equals(System.getProperty("walcast.rights"));
    private static final Duration LONG_TIME = Duration.ofMinutes(Integer.getInteger("walcast.rights.minutes", 10));
    private static final Duration ROUND = Duration.ofSeconds(LONG ? 25 : 8);
    private static final Duration ROUND_MAX = ROUND.multipliedBy(3);

    /// A slow machine gets more time.
    private static final int OPERATIONS_MIN = LONG ? 300 : 100;
    private static final int WRITERS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int STORIES = 2;

    /// Polled operations are further apart than the server may need to find one.
    private static final long POLLED_APART_NANOS =
            JudgedLog.POLLED_WITHIN.plusMillis(150).toNanos();

    private static final List<RandomClient.Manner> CLIENTS = List.of(
            RandomClient.Manner.STAYING,
            RandomClient.Manner.STAYING,
            RandomClient.Manner.STAYING,
            RandomClient.Manner.HOPPING,
            RandomClient.Manner.HOPPING,
            RandomClient.Manner.HOPPING,
            RandomClient.Manner.HOPPING,
            RandomClient.Manner.STREAMING,
            RandomClient.Manner.STREAMING,
            RandomClient.Manner.STREAMING);

    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @Test
    void clientsReceiveExactlyWhatTheyMaySee() throws Exception {
        long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
        long end = System.nanoTime() + LONG_TIME.toNanos();
        round(seed);
        for (long next = seed + 1; LONG && System.nanoTime() - end < 0; next++) {
            round(next);
        }
    }

    private void round(long seed) throws Exception {
        Random random = new Random(seed);
        try (TestPostgres postgres = RightsDatabase.start()) {
            // Postgres 15 does not announce grants on schemas
            boolean isAnnounced = seed % 2 == 0 || postgres.majorVersion() <= 15;
            System.out.println("RightsPropertyTest: -Dwalcast.fuzz.seed=" + seed
                    + (LONG ? " -Dwalcast.rights=long" : "") + (isAnnounced ? ", announced" : ", not announced"));
            RightsDatabase.prepareLive(postgres, isAnnounced);
            Play play = new Play(random, postgres, isAnnounced);
            play.createTables();
            List<Subscription> subscriptions = new ArrayList<>();
            try (TestServer debezium = TwoServers.server(postgres, ServerSettings.Reader.DEBEZIUM);
                    TestServer nativeReader = TwoServers.server(postgres, ServerSettings.Reader.NATIVE)) {
                subscriptions.addAll(play.run(Map.of("debezium", debezium, "native", nativeReader)));
            }
            failures.forEach(Throwable::printStackTrace);
            System.out.println("RightsPropertyTest: rolled back " + play.log.failures());
            assertThat(failures).as("seed " + seed).isEmpty();
            judge(seed, JudgedLog.of(play.log, postgres), subscriptions);
        }
    }

    // -- the run

    /// One coordinator changes rights, two sessions write rows beside it, and clients come and go.
    private final class Play {
        private final Random random;
        private final TestPostgres postgres;
        private final Stage stage = new Stage();
        private final TransactionLog log = new TransactionLog();
        private final AtomicInteger numbers = new AtomicInteger();
        private final RandomRows rows;
        private final RandomOperations operations;

        Play(Random random, TestPostgres postgres, boolean isAnnounced) {
            this.random = random;
            this.postgres = postgres;
            this.rows = new RandomRows(new Random(random.nextLong()), numbers);
            this.operations = new RandomOperations(new Random(random.nextLong()), rows, isAnnounced);
        }

        void createTables() throws SQLException {
            try (Connection connection = connect()) {
                for (String table : RightsDatabase.TABLES) {
                    assertThat(run(connection, operations.recreation(table))).isTrue();
                }
            }
        }

        private Connection connect() throws SQLException {
            Connection connection = postgres.connect();
            try (Statement statement = connection.createStatement()) {
                statement.execute("set lock_timeout = '3s'");
            }
            connection.setAutoCommit(false);
            return connection;
        }

        private boolean run(Connection connection, RightsOperation operation) {
            return log.run(connection, Optional.of(operation), operation.parts());
        }

        List<Subscription> run(Map<String, TestServer> servers) throws Exception {
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                Random own = new Random(random.nextLong());
                writers.add(start(() -> write(own)));
            }
            List<Thread> clients = new ArrayList<>();
            new TreeMap<>(servers).forEach((name, server) -> {
                for (RandomClient.Manner manner : CLIENTS) {
                    String client = name + " " + clients.size();
                    Random own = new Random(random.nextLong());
                    clients.add(start(new RandomClient(client, server, manner, own, stage)::run));
                }
            });
            try {
                changeRights();
                stage.becomeCalm();
                join(writers);
                finish();
            } finally {
                stage.becomeCalm();
                stage.end();
                join(clients);
            }
            return stage.subscriptions();
        }

        private void changeRights() throws SQLException {
            long start = System.nanoTime();
            long polledAt = System.nanoTime();
            try (Connection connection = connect()) {
                for (int count = 0; !isEnough(System.nanoTime() - start, count); count++) {
                    if (System.nanoTime() - polledAt > 0 && random.nextInt(3) == 0) {
                        if (run(connection, operations.polled())) {
                            polledAt = System.nanoTime() + POLLED_APART_NANOS;
                        }
                    } else {
                        changeRights(connection, operations.exact());
                    }
                    LockSupport.parkNanos(Duration.ofMillis(random.nextInt(100)).toNanos());
                }
            }
        }

        private static boolean isEnough(long nanos, int count) {
            return nanos > ROUND_MAX.toNanos() || (nanos > ROUND.toNanos() && count >= OPERATIONS_MIN);
        }

        /// A table that is created again may be missing for a while.
        private void changeRights(Connection connection, RightsOperation operation) {
            if (operation.created().isPresent() && random.nextInt(3) == 0) {
                run(connection, operations.drop(operation.created().get()));
                LockSupport.parkNanos(Duration.ofMillis(random.nextInt(300)).toNanos());
            }
            boolean done = run(connection, operation);
            while (!done && operation.created().isPresent()) {
                done = run(connection, operation);
            }
        }

        private void write(Random own) throws SQLException {
            RandomRows mine = new RandomRows(new Random(own.nextLong()), numbers);
            try (Connection connection = connect()) {
                while (!stage.isCalm()) {
                    log.run(connection, Optional.empty(), mine.transaction());
                    LockSupport.parkNanos(Duration.ofMillis(own.nextInt(30)).toNanos());
                }
            }
        }

        /// At the end, rows that each client may see prove that all rows before them have arrived.
        private void finish() throws Exception {
            LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            try (Connection connection = connect()) {
                run(connection, operations.opening());
                LockSupport.parkNanos(JudgedLog.POLLED_WITHIN.toNanos());
                int first = numbers.get() + 1;
                for (String table : RightsDatabase.TABLES) {
                    List<Part> markers = rows.markers(table);
                    assertThat(log.run(connection, Optional.empty(), markers)).isTrue();
                }
                awaitMarkers(first);
            }
        }

        private void awaitMarkers(int first) {
            try {
                await().atMost(PATIENCE)
                        .until(() -> stage.subscriptions().stream().noneMatch(one -> one.awaits(first)));
            } catch (ConditionTimeoutException _) {
                // The rows that did not come are found to be lost.
            }
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    private Thread start(Work work) {
        return Thread.ofVirtual().start(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failures.add(e);
            }
        });
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    // -- the verdict

    private static void judge(long seed, JudgedLog log, List<Subscription> subscriptions) {
        List<Finding> findings = new ArrayList<>();
        int judged = 0;
        int owed = 0;
        for (Subscription subscription : subscriptions) {
            DeliveryJudge judge = DeliveryJudge.judge(log, subscription);
            findings.addAll(judge.findings());
            judged += judge.judged();
            owed += judge.owed();
        }
        System.out.println("RightsPropertyTest: " + log.changes().size() + " changes, " + judged + " rows received by "
                + subscriptions.size() + " subscriptions, " + owed + " that had to come, " + log.counts());
        Map<String, Integer> causes = new TreeMap<>();
        findings.forEach(one -> causes.merge(one.kind() + " " + one.cause(), 1, Integer::sum));
        causes.forEach((cause, count) -> System.out.println("  " + count + " x " + cause));
        causes.keySet()
                .forEach(cause -> findings.stream()
                        .filter(one -> cause.equals(one.kind() + " " + one.cause()))
                        .limit(STORIES)
                        .forEach(one -> System.out.println("  " + cause + ": " + one.story())));
        assertThat(judged).as("rows received").isGreaterThan(100);
        assertThat(owed).as("rows that had to come").isGreaterThan(20);
        assertThat(causes).as("seed " + seed).isEmpty();
    }
}
