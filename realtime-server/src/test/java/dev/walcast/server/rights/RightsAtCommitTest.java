package dev.walcast.server.rights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.walcast.server.rights.Listener.Row;
import dev.walcast.server.setup.SetupScript;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A row is judged by the rights at its commit or later, with both readers. In each table rows with the kind `open`
/// stay visible, and rows with the kind `closed` are visible only before the change.
class RightsAtCommitTest {
    private static final int TRIES = 10;
    private static final int TRIES_ANNOUNCED = 4;
    private static final int ROWS = 3;
    private static final int LAST = 100;
    private static final int FLOOD_ROWS = 40;
    private static final int FLOOD_MAX = 30_000;
    private static final String FLOOD = "do $$ begin for i in 1..500 loop perform"
            + " pg_logical_emit_message(true, 'walcast.rights', 'flood'); commit; end loop; end $$";
    private static final int JOINS = 20;
    private static final String ALICE = Listener.token("authenticated", "alice");
    private static final String OPEN_ONLY = "create policy open on TABLE using (kind = 'open');";

    private static TwoServers servers;

    /// Each hides the closed rows.
    private enum Change {
        ALTER_POLICY(
                "create policy one on TABLE using (true)", true, "alter policy one on TABLE using (kind = 'open')"),
        DROP_POLICY("create policy one on TABLE using (true);" + OPEN_ONLY, true, "drop policy one on TABLE"),
        RESTRICTIVE_POLICY(
                "create policy one on TABLE using (true)",
                true,
                "create policy two on TABLE as restrictive using (kind = 'open')"),
        ASKED_POLICY(
                "create policy one on TABLE using (kind ~ '.')", true, "alter policy one on TABLE using (kind ~ 'op')"),
        ENABLE_ROW_SECURITY(OPEN_ONLY, false, "alter table TABLE enable row level security"),
        OWNER(
                OPEN_ONLY + "alter table TABLE owner to authenticated",
                true,
                "alter table TABLE owner to postgres; grant select on TABLE to authenticated"),
        FORCE(
                OPEN_ONLY + "alter table TABLE owner to authenticated",
                true,
                "alter table TABLE force row level security"),
        RECREATION("create policy one on TABLE using (true)", true, "drop table TABLE;" + table() + OPEN_ONLY),
        REVOKE("create policy one on TABLE using (true)", true, "revoke select on TABLE from authenticated"),
        REVOKE_USAGE("create policy one on TABLE using (true)", true, ""),

        /// Only the event triggers announce it.
        FUNCTION(
                function("true") + "create policy one on TABLE using (kind = 'open' or public.shows_TABLE())",
                true,
                function("false"));

        private final String before;
        private final boolean isSecured;
        private final String change;

        Change(String before, boolean isSecured, String change) {
            this.before = before;
            this.isSecured = isSecured;
            this.change = change;
        }

        private static String function(String result) {
            return "create or replace function public.shows_TABLE() returns bool language sql stable as 'select "
                    + result + "';";
        }

        private static String table() {
            return "create table TABLE (id int primary key, kind text); grant select on TABLE to authenticated;"
                    + " alter table TABLE enable row level security;";
        }

        String tableOf(int attempt) {
            return name().toLowerCase(java.util.Locale.ROOT) + "_" + attempt;
        }

        List<String> creation(int attempt) {
            String table = tableOf(attempt);
            String secured = isSecured ? "" : "alter table TABLE disable row level security;";
            return List.of((table() + secured + before).replace("TABLE", table));
        }

        boolean endsSubscription() {
            return this == REVOKE || this == REVOKE_USAGE;
        }
    }

    @BeforeAll
    static void start() throws Exception {
        List<String> statements = new ArrayList<>();
        for (Change change : Change.values()) {
            for (int i = 0; i < TRIES + TRIES_ANNOUNCED; i++) {
                statements.addAll(change.creation(i));
            }
        }
        servers = TwoServers.start(statements.toArray(String[]::new));
    }

    @AfterAll
    static void stop() throws Exception {
        servers.close();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FUNCTION")
    void rowsAfterRevocationDoNotArrive(Change change) throws Exception {
        assumeTrue(
                change != Change.REVOKE_USAGE || servers.postgres().majorVersion() > 15,
                "Postgres 15 does not announce REVOKE USAGE");
        List<Integer> leaked = leaked(change, 0, TRIES, false);
        System.out.println("RightsAtCommitTest: after " + change + " came " + leaked + " of " + TRIES * ROWS + " rows");
        assertThat(leaked).as("rows of each reader after " + change).containsOnly(0);
    }

    /// The rows that the transaction wrote before it changed the rights, and those behind it.
    @ParameterizedTest
    @EnumSource
    void announcedChangeAppliesToWholeTransaction(Change change) throws Exception {
        servers.execute(SetupScript.rightsTrigger());
        try {
            List<Integer> leaked = leaked(change, TRIES, TRIES + TRIES_ANNOUNCED, true);
            System.out.println("RightsAtCommitTest: with " + change + " came " + leaked + " of "
                    + TRIES_ANNOUNCED * ROWS + " rows");
            assertThat(leaked).as("rows of each reader with " + change).containsOnly(0);
        } finally {
            servers.execute("drop schema walcast_rights cascade");
        }
    }

    /// The rows that each reader delivered although the change hides them.
    private static List<Integer> leaked(Change change, int from, int to, boolean inOneTransaction) throws Exception {
        List<Integer> leaked = new ArrayList<>(List.of(0, 0));
        for (int attempt = from; attempt < to; attempt++) {
            String table = change.tableOf(attempt);
            List<Listener> listeners = servers.connect();
            try {
                for (Listener listener : listeners) {
                    listener.joinAndAwait("realtime:r", ALICE, table);
                }
                // Postgres describes a table before its first row, which would announce the change as well.
                servers.execute("insert into public." + table + " values (0, 'open')");
                for (Listener listener : listeners) {
                    listener.awaitRow(row -> row.id() == 0);
                }
                changeAndWrite(change, table, inOneTransaction);
                for (int i = 0; i < listeners.size(); i++) {
                    leaked.set(i, leaked.get(i) + closedRows(change, listeners.get(i)));
                }
            } finally {
                for (Listener listener : listeners) {
                    listener.close();
                }
                if (change == Change.REVOKE_USAGE) {
                    servers.execute("grant usage on schema public to public");
                }
            }
        }
        return leaked;
    }

    /// @param inOneTransaction whether the rows are written before the change, and committed with it
    private static void changeAndWrite(Change change, String table, boolean inOneTransaction) throws Exception {
        String sql = change == Change.REVOKE_USAGE
                ? "revoke usage on schema public from public"
                : change.change.replace("TABLE", table);
        try (Connection connection = servers.postgres().connect();
                Statement statement = connection.createStatement()) {
            statement.execute(inOneTransaction ? "begin" : sql);
            for (int id = 1; id <= ROWS; id++) {
                statement.execute("insert into public." + table + " values (" + id + ", 'closed')");
            }
            if (inOneTransaction) {
                statement.execute(sql + "; commit");
            }
            statement.execute("insert into public." + table + " values (" + LAST + ", 'open')");
        }
    }

    /// Counted when a later message proves that the rows before it were judged.
    private static int closedRows(Change change, Listener listener) {
        if (change.endsSubscription()) {
            listener.awaitNote(note -> note.toString().contains("\"error\""));
        } else {
            listener.awaitRow(row -> row.id() == LAST);
        }
        return (int) listener.rows().stream()
                .filter(row -> row.has("kind", "closed"))
                .count();
    }

    /// Any role may write such messages. One reading answers all that came before it.
    @Test
    void floodOfAnnouncementsDoesNotStopTheFeed() throws Exception {
        servers.execute(
                "create role flooder login",
                "create table flooded (id int primary key); grant select on flooded to authenticated;"
                        + " alter table flooded enable row level security; create policy one on flooded using (true)");
        List<Listener> listeners = servers.connect();
        AtomicBoolean isOver = new AtomicBoolean();
        Thread flood = Thread.ofVirtual().start(() -> {
            for (int written = 0; written < FLOOD_MAX && !isOver.get(); written += 500) {
                servers.execute("set session authorization flooder", FLOOD);
            }
        });
        try {
            for (Listener listener : listeners) {
                listener.joinAndAwait("realtime:r", ALICE, "flooded");
            }
            for (int id = 1; id <= FLOOD_ROWS; id++) {
                int row = id;
                servers.execute("insert into flooded values (" + row + ")");
                for (Listener listener : listeners) {
                    listener.awaitRow(one -> one.id() == row);
                }
            }
            for (Listener listener : listeners) {
                assertThat(listener.rows()).hasSize(FLOOD_ROWS);
                assertThat(listener.notes()).noneMatch(note -> note.toString().contains("reset"));
            }
        } finally {
            isOver.set(true);
            flood.join();
            for (Listener listener : listeners) {
                listener.close();
            }
        }
    }

    @Test
    void joinAfterRecreationUsesNewTable() throws Exception {
        String create = "create table again (id int primary key, kind text); grant select on again to authenticated;"
                + " alter table again enable row level security;";
        servers.execute(create + "create policy one on again using (true)");
        List<Listener> early = servers.connect();
        List<Listener> late = servers.connect();
        try {
            for (Listener listener : early) {
                listener.joinAndAwait("realtime:r", ALICE, "again");
            }
            servers.execute("drop table again;" + create + "create policy one on again using (kind = 'open')");
            for (Listener listener : late) {
                listener.joinAndAwait("realtime:r", ALICE, "again");
            }
            for (int id = 1; id <= JOINS; id++) {
                servers.execute("insert into again values (" + id + ", 'closed')");
            }
            servers.execute("insert into again values (100, 'open')");
            List<Long> leaked = new ArrayList<>();
            for (Listener listener : late) {
                listener.awaitRow(row -> row.has("kind", "open"));
                leaked.add(listener.rows().stream()
                        .filter(row -> row.has("kind", "closed"))
                        .count());
            }
            System.out.println("RightsAtCommitTest: joined after a recreation, came " + leaked + " of " + JOINS);
            assertThat(leaked).as("rows of each reader").containsOnly(0L);
        } finally {
            for (Listener listener : early) {
                listener.close();
            }
            for (Listener listener : late) {
                listener.close();
            }
        }
    }

    /// Each recreation has another policy, and the table is subscribed all the while.
    @Test
    void recreationStormLeavesWatcherAlive() throws Exception {
        Random random = new Random(1);
        String create = "create table storm (id int primary key, kind text); grant select on storm to authenticated;"
                + " alter table storm enable row level security;";
        servers.execute(create + "create policy one on storm using (true)");
        List<Listener> listeners = servers.connect();
        try {
            for (Listener listener : listeners) {
                listener.join("realtime:storm", ALICE, "storm");
            }
            long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
            while (System.nanoTime() - end < 0) {
                servers.execute(
                        "drop table storm",
                        create + "create policy one on storm using (id > " + random.nextInt(9) + " and kind ~ '"
                                + random.nextInt(9) + "')");
            }
            servers.execute("alter policy one on storm using (true)");
            for (Listener listener : listeners) {
                await().atMost(Listener.PATIENCE).ignoreExceptions().until(() -> {
                    listener.joinAndAwait("realtime:after" + random.nextInt(), ALICE, "storm");
                    return true;
                });
            }
            expectEffectOfAnotherPolicy(listeners);
        } finally {
            for (Listener listener : listeners) {
                listener.close();
            }
        }
    }

    /// Not exactly at the commit: this only checks that the change takes effect.
    private static void expectEffectOfAnotherPolicy(List<Listener> listeners) {
        servers.execute("alter policy one on storm using (kind = 'open')");
        int[] id = {0};
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    int closed = ++id[0];
                    int open = ++id[0];
                    servers.execute(
                            "insert into storm values (" + closed + ", 'closed')",
                            "insert into storm values (" + open + ", 'open')");
                    boolean isHidden = true;
                    for (Listener listener : listeners) {
                        listener.awaitRow(row -> row.id() == open);
                        isHidden &= listener.rows().stream().noneMatch((Row row) -> row.id() == closed);
                    }
                    return isHidden;
                });
    }

    /// A name that Postgres allows does not stop the reader of policies.
    @Test
    void quoteInColumnNameIsHarmless() throws Exception {
        servers.execute(
                "create table guests (person text, \"last\"\"\" text); grant select on guests to authenticated;"
                        + " insert into guests values ('alice', '')",
                "create table quoted (id int primary key, kind text); grant select on quoted to authenticated;"
                        + " alter table quoted enable row level security; create policy one on quoted using (kind = 'open'"
                        + " and exists (select 1 from guests where person = auth.uid()))",
                "create table beside (id int primary key); grant select on beside to authenticated");
        List<Listener> listeners = servers.connect();
        try {
            for (Listener listener : listeners) {
                listener.joinAndAwait("realtime:beside", ALICE, "beside");
                listener.join("realtime:quoted", ALICE, "quoted");
            }
            servers.execute("insert into quoted values (1, 'closed'), (2, 'open')", "insert into beside values (1)");
            for (Listener listener : listeners) {
                listener.awaitRow(row -> row.table().equals("beside"));
                listener.awaitNote(note -> note.get(2).asText().equals("realtime:quoted"));
            }
            servers.execute("insert into quoted values (3, 'closed'), (4, 'open')");
            for (Listener listener : listeners) {
                listener.awaitRow(row -> row.table().equals("quoted") && row.id() == 4);
                assertThat(listener.rows()).noneMatch(row -> row.has("kind", "closed"));
            }
        } finally {
            for (Listener listener : listeners) {
                listener.close();
            }
        }
    }
}
