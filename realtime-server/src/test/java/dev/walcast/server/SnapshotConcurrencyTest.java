package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.limits.SnapshotLimits;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Writers commit continuously in every way, and clients begin with the rows again and again. Rows and changes
/// together yield the table, and no change comes that the rows contain. Each row counts its versions, so that a
/// change that is missing, comes twice or comes too early is detected.
///
/// `-Dwalcast.fuzz.cases` makes it long, and the seed is printed.
class SnapshotConcurrencyTest {
    private static final int ROWS = 40;
    private static final int WRITERS = 5;
    private static final int CLIENTS = 4;
    private static final int ROUNDS = Math.max(6, Integer.getInteger("walcast.fuzz.cases", 6_000) / 1_000);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static TestPostgres postgres;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final AtomicBoolean writing = new AtomicBoolean(true);
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void startPostgres() {
        // A commit that waits for the disk is sent to readers before others see it.
        postgres = TestPostgres.start(
                Map.of("synchronous_commit", "on", "fsync", "on", "commit_delay", "2000", "commit_siblings", "1"));
        postgres.execute(
                "create role anon nologin; grant usage on schema public to anon",
                "create table counted (id int primary key, n int not null, pad text); alter table counted replica identity full",
                "grant select on counted to anon",
                "create publication supabase_realtime for table counted");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    /// @param roomy whether the window keeps everything; otherwise it evicts changes that are needed, repeatedly
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rowsAndChangesYieldTheTable(boolean roomy) throws Exception {
        System.out.println("SnapshotConcurrencyTest seed " + seed);
        postgres.execute("truncate counted", "insert into counted select n, 0 from generate_series(1, " + ROWS + ") n");
        ReplayLimits limits = new ReplayLimits(
                roomy ? 64L << 20 : 60_000,
                Duration.ofMinutes(5),
                1L << 30,
                Duration.ZERO,
                new SnapshotLimits(100_000, Duration.ofSeconds(30), 3, 1 << 10));
        String slot = "c" + UUID.randomUUID().toString().replace("-", "");
        try (TestServer server = TestServer.start(TestServer.settings(postgres.url(), slot, limits))) {
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                Random random = new Random(seed + i);
                writers.add(start(() -> write(random)));
            }
            List<Client> clients = new ArrayList<>();
            List<Thread> joining = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Client client = new Client(server, new Random(seed - i));
                clients.add(client);
                joining.add(start(client::joinAgainAndAgain));
            }
            for (Thread thread : joining) {
                thread.join();
            }
            writing.set(false);
            for (Thread thread : writers) {
                thread.join();
            }
            failures.forEach(Throwable::printStackTrace);
            assertThat(failures).isEmpty();
            for (Client client : clients) {
                client.readUntil(table());
                client.socket.close();
            }
            int snapshots =
                    clients.stream().mapToInt(client -> client.snapshots).sum();
            int reset = clients.stream().mapToInt(client -> client.resets).sum();
            int replayed = clients.stream().mapToInt(client -> client.replayed).sum();
            System.out.println("SnapshotConcurrencyTest: " + snapshots + " snapshots, " + reset + " reset, " + replayed
                    + " changes replayed");
            assertThat(snapshots).isPositive();
            if (roomy) {
                assertThat(reset).isZero();
                assertThat(replayed).isPositive();
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
            } catch (Exception | AssertionError e) {
                failures.add(e);
            }
        });
    }

    // -- writers

    private void write(Random random) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            while (writing.get()) {
                try {
                    transaction(random, connection, statement);
                } catch (SQLException e) {
                    // Deadlocks are part of the game.
                    connection.rollback();
                }
                LockSupport.parkNanos(random.nextInt(3_000_000));
            }
        }
    }

    private static void transaction(Random random, Connection connection, Statement statement) throws SQLException {
        int id = 1 + random.nextInt(ROWS);
        switch (random.nextInt(8)) {
            case 0 -> {
                statement.execute(upsert(id));
                Savepoint savepoint = connection.setSavepoint();
                statement.execute(upsert(1 + random.nextInt(ROWS)));
                connection.rollback(savepoint);
                connection.commit();
            }
            case 1 -> {
                statement.execute(upsert(id));
                connection.rollback();
            }
            case 2 -> {
                statement.execute("update counted set n = n + 1");
                connection.commit();
            }
            case 3 -> {
                statement.execute(upsert(id));
                Savepoint _ = connection.setSavepoint();
                statement.execute(upsert(id));
                LockSupport.parkNanos(random.nextInt(20_000_000));
                connection.commit();
            }
            default -> {
                statement.execute(upsert(id));
                connection.commit();
            }
        }
    }

    private static String upsert(int id) {
        return "update counted set n = n + 1, pad = repeat('x', 100) where id = " + id;
    }

    private static Map<Integer, Integer> table() throws SQLException {
        Map<Integer, Integer> rows = new TreeMap<>();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("select id, n from counted")) {
            while (row.next()) {
                rows.put(row.getInt(1), row.getInt(2));
            }
        }
        return rows;
    }

    // -- clients

    private final class Client {
        private final TestServer server;
        private final Random random;
        private final Map<Integer, Integer> rows = new TreeMap<>();
        private RawSocket socket;
        private boolean live;
        private boolean begun;
        private int snapshots;
        private int resets;
        private int replayed;

        Client(TestServer server, Random random) {
            this.server = server;
            this.random = random;
        }

        void joinAgainAndAgain() throws Exception {
            for (int i = 0; i < ROUNDS || !begun; i++) {
                if (socket != null) {
                    socket.close();
                }
                join();
                for (int n = random.nextInt(60); n > 0; n--) {
                    take(socket.receiveJson());
                }
            }
        }

        private void join() throws Exception {
            live = false;
            begun = false;
            rows.clear();
            socket = server.open("anon");
            socket.patience(PATIENCE);
            socket.join(
                    "realtime:r",
                    "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"counted\",\"snapshot\":"
                            + (random.nextBoolean() ? "true" : "{\"order\":\"id\"}") + "}]}");
            while (!live) {
                take(socket.receiveJson());
            }
        }

        private void take(JsonNode frame) {
            JsonNode payload = frame.get(4);
            if (frame.get(3).asText().equals("postgres_changes")) {
                apply(payload.get("data"));
            } else if (payload.has("snapshot")) {
                JsonNode chunk = payload.get("snapshot");
                if (chunk.get("first").asBoolean()) {
                    rows.clear();
                    begun = true;
                }
                chunk.get("rows")
                        .forEach(row ->
                                rows.put(row.get("id").asInt(), row.get("n").asInt()));
            } else {
                assertThat(payload.get("message").asText()).isEqualTo("Subscribed to PostgreSQL");
                JsonNode answer = payload.get("resume").get(0);
                live = true;
                begun = answer.get("status").asText().equals("snapshot");
                snapshots += begun ? 1 : 0;
                resets += begun ? 0 : 1;
                replayed += begun ? answer.get("replayed").asInt() : 0;
                if (begun) {
                    assertThat(rows).hasSize(ROWS);
                    assertThat(answer.get("rows").asInt()).isEqualTo(ROWS);
                }
            }
        }

        private void apply(JsonNode change) {
            int id = change.at("/record/id").asInt();
            int n = change.at("/record/n").asInt();
            if (begun) {
                assertThat(n).as("seed %s: version of row %s", seed, id).isEqualTo(rows.get(id) + 1);
            }
            rows.put(id, n);
        }

        void readUntil(Map<Integer, Integer> table) throws Exception {
            assertThat(begun).isTrue();
            while (!rows.equals(table)) {
                take(socket.receiveJson());
            }
        }
    }
}
