package dev.walcast.server.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.testing.TestPostgres;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.Condition;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients, server, database and slot are cut, stopped and killed under load. At the end each client has exactly the
/// rows that it may see. `-Dwalcast.chaos=long` runs for 15 minutes, `-Dwalcast.fuzz.seed` repeats a plan.
class ChaosTest {
    private static final boolean LONG = "long".equals(System.getProperty("walcast.chaos"));
    private static final Duration LONG_TIME = Duration.ofMinutes(15);
    private static final int SHORT_STEPS = 14;
    private static final int CLIENTS = LONG ? 24 : 9;
    private static final int WRITERS = 3;
    private static final int WRONG_SAID = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Map<Step, Integer> played = new TreeMap<>();

    @TempDir
    private Path folder;

    /// The possible faults.
    private enum Step {
        CUT_CLIENTS,
        PAUSE_CLIENT,
        THROTTLE_CLIENT,
        EXPIRE_TOKEN,
        REFRESH_TOKEN,
        KILL_SERVER,
        KILL_POSTGRES,
        CUT_READER,
        DROP_SLOT
    }

    private final List<ChaosClient> clients = new ArrayList<>();
    private int toldAtKill;

    @Test
    void clientsConvergeAfterChaos() throws Exception {
        System.out.println("ChaosTest: -Dwalcast.fuzz.seed=" + seed + (LONG ? " -Dwalcast.chaos=long" : ""));
        try (TestPostgres postgres = TestPostgres.start(Map.of("synchronous_commit", "on"))) {
            ChaosDatabase database = new ChaosDatabase(postgres);
            try (ChaosServer server = new ChaosServer(folder, postgres)) {
                List<ChaosWriter> writers = new ArrayList<>();
                for (int i = 1; i <= WRITERS; i++) {
                    writers.add(new ChaosWriter(database, new Random(random.nextLong()), i));
                }
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(client(i, server.port(), database));
                }
                try {
                    play(server, postgres);
                    for (ChaosWriter writer : writers) {
                        writer.close();
                    }
                    check(database);
                } catch (Throwable e) {
                    System.out.println("The server of seed " + seed + " said: " + server.output());
                    throw e;
                } finally {
                    for (ChaosClient client : clients) {
                        client.close();
                    }
                }
                report(writers);
            }
        }
        assertThat(played).containsKeys(Step.values());
        assertThat(outcomes())
                .containsKeys("live", "snapshot", "resumed")
                .hasKeySatisfying(new Condition<>(one -> one.endsWith("epoch_changed"), "a new epoch"));
        assertThat(bindings().stream().mapToInt(one -> one.replayed).sum()).isPositive();
    }

    private static ChaosClient client(int number, int port, ChaosDatabase database) {
        String user = ChaosDatabase.USERS.get(number % ChaosDatabase.USERS.size());
        List<ChaosView> views = switch (number % 4) {
            case 0 -> List.of(ChaosView.COUNTERS, ChaosView.NOTES, ChaosView.room(number % ChaosDatabase.ROOMS));
            case 1 -> List.of(ChaosView.HIGH, ChaosView.COUNTERS);
            case 2 -> List.of(ChaosView.NOTES, ChaosView.HIGH);
            default -> List.of(ChaosView.room(number % ChaosDatabase.ROOMS), ChaosView.room(0), ChaosView.COUNTERS);
        };
        boolean membership = number % 3 > 0;
        boolean byTime = number % 5 == 4;
        List<ChaosBinding> bindings = new ArrayList<>();
        for (int i = 0; i < views.size(); i++) {
            ChaosView.Ways ways = new ChaosView.Ways(membership, byTime, (number + i) % 2 == 0);
            bindings.add(new ChaosBinding(views.get(i), user, database, ways));
        }
        return new ChaosClient(port, user, bindings);
    }

    // -- the plan

    private void play(ChaosServer server, TestPostgres postgres) throws Exception {
        long end = System.nanoTime() + LONG_TIME.toNanos();
        List<Step> plan = new ArrayList<>(List.of(Step.values()));
        for (int i = plan.size(); i < SHORT_STEPS; i++) {
            plan.add(next());
        }
        Collections.shuffle(plan, random);
        await().atMost(PATIENCE).until(() -> bindings().stream().noneMatch(one -> one.outcomes.isEmpty()));
        for (int i = 0; i < 3; i++) {
            rest();
            clients.forEach(ChaosClient::cut);
        }
        await().atMost(PATIENCE).until(() -> outcomes().containsKey("resumed"));
        rest();
        for (Step step : plan) {
            play(step, server, postgres);
        }
        while (LONG && System.nanoTime() - end < 0) {
            play(next(), server, postgres);
        }
    }

    /// Faults of clients are more frequent.
    private Step next() {
        return random.nextInt(4) > 0 ? Step.values()[random.nextInt(5)] : Step.values()[random.nextInt(9)];
    }

    private void play(Step step, ChaosServer server, TestPostgres postgres) throws Exception {
        played.merge(step, 1, Integer::sum);
        System.out.println("ChaosTest: " + step + " after " + outcomes());
        switch (step) {
            case CUT_CLIENTS -> {
                for (int i = 1 + random.nextInt(clients.size()); i > 0; i--) {
                    anyClient().cut();
                }
            }
            case PAUSE_CLIENT -> anyClient().pause(Duration.ofMillis(1_000 + random.nextInt(7_000)));
            case THROTTLE_CLIENT -> anyClient().throttle(Duration.ofMillis(1_000 + random.nextInt(5_000)));
            case EXPIRE_TOKEN -> anyClient().newToken(true);
            case REFRESH_TOKEN -> anyClient().newToken(false);
            case KILL_SERVER -> {
                server.kill(this::rest);
                toldAtKill = told();
            }
            case KILL_POSTGRES -> {
                postgres.killHard();
                rest();
                postgres.restart();
            }
            case CUT_READER -> endReader(postgres);
            case DROP_SLOT -> {
                awaitSomebodyBack();
                dropSlot(postgres);
            }
        }
        rest();
    }

    /// Waits for a client that had a position of the earlier epoch and was notified of the new one. A client that
    /// received another reset before, for instance for a too large transaction, has none.
    private void awaitSomebodyBack() {
        await().atMost(PATIENCE).until(() -> told() >= toldAtKill + bindings().size() / 2);
    }

    private int told() {
        return outcomes().values().stream().mapToInt(Integer::intValue).sum();
    }

    private ChaosClient anyClient() {
        return clients.get(random.nextInt(clients.size()));
    }

    private void rest() {
        LockSupport.parkNanos(Duration.ofMillis(200 + random.nextInt(1_000)).toNanos());
    }

    private static void endReader(TestPostgres postgres) {
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            postgres.execute("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '"
                    + ChaosServer.SLOT + "' and active");
            return true;
        });
    }

    private static void dropSlot(TestPostgres postgres) {
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            postgres.execute(
                    "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '"
                            + ChaosServer.SLOT + "' and active",
                    "select pg_drop_replication_slot('" + ChaosServer.SLOT + "')");
            return true;
        });
    }

    // -- the end

    private void check(ChaosDatabase database) throws Exception {
        try {
            await().atMost(Duration.ofSeconds(LONG ? 240 : 120))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> wrong(database).isEmpty() && epochs() == 1);
        } catch (ConditionTimeoutException _) {
            // the next messages report it
        }
        assertThat(wrong(database)).as("seed " + seed).isEmpty();
        assertThat(epochs())
                .as("every binding received the last epoch, seed " + seed)
                .isEqualTo(1);
        assertThat(bindings().stream().flatMap(one -> one.violations.stream()).limit(WRONG_SAID))
                .as("seed " + seed)
                .isEmpty();
    }

    private long epochs() {
        return bindings().stream().map(ChaosBinding::epoch).distinct().count();
    }

    private List<ChaosBinding> bindings() {
        return clients.stream().flatMap(client -> client.bindings().stream()).toList();
    }

    /// A few of the rows that some client has wrong.
    private List<String> wrong(ChaosDatabase database) throws SQLException {
        List<String> wrong = new ArrayList<>();
        for (String table : List.of("counters", "items", "notes")) {
            List<ChaosBinding> concerned = bindings().stream()
                    .filter(one -> one.view().table().equals(table))
                    .toList();
            database.eachRow(table, row -> {
                if (wrong.size() < WRONG_SAID) {
                    concerned.forEach(one -> one.wrong(row).ifPresent(wrong::add));
                }
            });
        }
        return wrong;
    }

    private Map<String, Integer> outcomes() {
        Map<String, Integer> all = new TreeMap<>();
        bindings().forEach(one -> one.outcomes.forEach((outcome, count) -> all.merge(outcome, count, Integer::sum)));
        return all;
    }

    private void report(List<ChaosWriter> writers) {
        Map<Integer, Integer> closes = new TreeMap<>();
        clients.forEach(client -> client.closes.forEach((code, count) -> closes.merge(code, count, Integer::sum)));
        System.out.printf(
                "ChaosTest: %s; %d transactions, %d broken; %d events applied, %d replayed; %s; %d connections, closed %s%n",
                played,
                writers.stream().mapToLong(writer -> writer.committed.get()).sum(),
                writers.stream().mapToInt(writer -> writer.failed.get()).sum(),
                bindings().stream().mapToLong(one -> one.events).sum(),
                bindings().stream().mapToInt(one -> one.replayed).sum(),
                outcomes(),
                clients.stream().mapToInt(client -> client.connections.get()).sum(),
                closes);
    }
}
