package dev.walcast.server.rights;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// A policy that is slow, or a table that is locked, delays no other table, with both readers.
class SlowNeighbourTest {
    private static final int SLOW_ROWS = 20;

    /// Longer than rights may go unconfirmed.
    private static final Duration LOCKED = Duration.ofSeconds(6);
    private static final String ALICE = Listener.token("authenticated", "alice");

    private static TwoServers servers;

    @BeforeAll
    static void start() throws Exception {
        servers = TwoServers.start(
                "create table slow (id int primary key); create table quick (id int primary key, owner text)",
                "create table locked (id int primary key); create table free (id int primary key)",
                "grant select on all tables in schema public to authenticated",
                "alter table slow enable row level security; alter table quick enable row level security",
                // the sub-select depends on the row, so that Postgres must be asked
                "create policy slow on slow using ((select pg_sleep(0.4 + 0 * id)) is not null)",
                "create policy quick on quick using (exists (select 1 from free where free.id < 0) or owner ~ 'alice')");
    }

    @AfterAll
    static void stop() throws Exception {
        servers.close();
    }

    @Test
    void slowPolicyDelaysNoOtherTable() throws Exception {
        List<Listener> listeners = listening("quick", "slow");
        try {
            for (int id = 1; id <= SLOW_ROWS; id++) {
                servers.execute("insert into slow values (" + id + ")");
            }
            List<Long> delays = new ArrayList<>();
            for (int id = 1; id <= SLOW_ROWS; id++) {
                delays.add(delay("quick", id, ", 'alice'", listeners));
            }
            System.out.println("SlowNeighbourTest: beside a slow policy rows take " + delays + " ms");
            assertThat(delays).as("milliseconds").allMatch(delay -> delay < 2_000);
        } finally {
            for (Listener listener : listeners) {
                listener.close();
            }
        }
    }

    @Test
    void lockedTableDelaysNoOtherTable() throws Exception {
        List<Listener> listeners = listening("free", "locked");
        try (Connection connection = servers.postgres().connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table locked in access exclusive mode");
            List<Long> delays = new ArrayList<>();
            long end = System.nanoTime() + LOCKED.toNanos();
            for (int id = 1; System.nanoTime() - end < 0; id++) {
                delays.add(delay("free", id, "", listeners));
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                if (id == 5) {
                    List<Listener> late = listening("free");
                    for (Listener listener : late) {
                        listener.close();
                    }
                }
            }
            connection.rollback();
            System.out.println("SlowNeighbourTest: beside a locked table rows take " + delays + " ms");
            assertThat(delays).as("milliseconds").hasSizeGreaterThan(5).allMatch(delay -> delay < 1_000);
        } finally {
            for (Listener listener : listeners) {
                listener.close();
            }
        }
    }

    private static List<Listener> listening(String... tables) throws Exception {
        List<Listener> listeners = servers.connect();
        for (Listener listener : listeners) {
            for (String table : tables) {
                listener.joinAndAwait("realtime:" + table, ALICE, table);
            }
        }
        return listeners;
    }

    /// The longest until a row arrives, in milliseconds.
    private static long delay(String table, int id, String more, List<Listener> listeners) {
        servers.execute("insert into " + table + " values (" + id + more + ")");
        long inserted = System.nanoTime();
        long longest = 0;
        for (Listener listener : listeners) {
            listener.awaitRow(row -> row.table().equals(table) && row.id() == id);
            long at = listener.rows().stream()
                    .filter(row -> row.table().equals(table) && row.id() == id)
                    .findFirst()
                    .orElseThrow()
                    .at();
            longest = Math.max(longest, TimeUnit.NANOSECONDS.toMillis(at - inserted));
        }
        return longest;
    }
}
