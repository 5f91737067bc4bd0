package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.RoleStanding;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.policy.PolicySet;
import dev.walcast.rls.policy.PolicySet.Policy;
import dev.walcast.rls.rights.RightsReader.Reading;
import dev.walcast.rls.rights.TableRights;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Compares readings of rights with the catalog of Postgres.
class RightsReaderPgTest {
    private static final TableId A = new TableId("app", "a");
    private static final TableId B = new TableId("app", "b");
    private static final TableId C = new TableId("app", "c");

    private static TestPostgres postgres;
    private static TestDataSources sources;

    private PostgresRightsReader reader = new PostgresRightsReader(sources.isolated(), "p", System::nanoTime);

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start(Map.of("log_statement", "all"));
        postgres.execute(
                "create role reader",
                "create role evaluator login",
                "create role stranger",
                "create role root superuser",
                "grant reader to evaluator");
        sources = new TestDataSources(postgres.port(), "postgres");
    }

    @AfterAll
    static void stopPostgres() throws IOException {
        sources.close();
        postgres.close();
    }

    @BeforeEach
    void createTables() {
        postgres.execute(
                "drop schema if exists app cascade",
                "drop publication if exists p",
                "create schema app",
                "create function app.mine() returns int language sql stable as 'select 1'",
                "create function app.yours() returns int language sql stable as 'select app.mine()'",
                "create function app.plus(int, int) returns boolean language sql immutable as 'select $1 > $2'",
                "create operator app.>>> (leftarg = int, rightarg = int, function = app.plus)",
                "create table app.a (id int primary key, owner int)",
                "create table app.b (id int primary key, owner int)",
                "create table app.c (id int primary key, owner int)",
                "create publication p for table app.a, app.b, app.c",
                "grant usage on schema app to reader, stranger, root",
                "grant select on app.a, app.b, app.c to reader, stranger, root");
        for (TableId table : List.of(A, B, C)) {
            postgres.execute("alter table " + sql(table) + " enable row level security");
        }
        postgres.execute(
                "create policy one on app.a using (owner = app.yours())",
                "create policy one on app.b using (owner operator(app.>>>) 1)",
                "create policy one on app.c using (exists (select from app.a where a.id = c.owner))");
        reader = new PostgresRightsReader(sources.isolated(), "p", System::nanoTime);
    }

    @Test
    void readingTogetherEqualsReadingAlone() throws SQLException {
        Map<AccessQuestion, TableRights> together = read(A, B, C).rights();
        assertThat(together).hasSize(3);
        for (TableId table : List.of(A, B, C)) {
            PostgresRightsReader fresh = new PostgresRightsReader(sources.isolated(), "p", System::nanoTime);
            AccessQuestion question = new AccessQuestion("reader", table);
            assertThat(fresh.read(Set.of(question)).rights().get(question)).isEqualTo(together.get(question));
        }
        assertThat(rights(together, A).policies().functions()).hasSize(3);
        assertThat(rights(together, A).policies().operators()).hasSize(1);
        assertThat(rights(together, B).policies().operators().values())
                .anyMatch(one -> one.name().equals(">>>"));
        assertThat(rights(together, C).policies().separate()).hasSize(1);
    }

    @Test
    void unchangedRightsStaySameInstance() throws SQLException {
        Map<AccessQuestion, TableRights> first = read(A, B, C).rights();
        Map<AccessQuestion, TableRights> second = read(A, B, C).rights();
        first.forEach((question, rights) -> assertThat(second.get(question)).isSameAs(rights));
    }

    @Test
    void recreatedTableHasOtherRights() throws SQLException {
        TableRights before = rights(read(A).rights(), A);
        postgres.execute(
                "drop table app.a cascade",
                "create table app.a (id int primary key, owner int)",
                "alter publication p add table app.a",
                "grant select on app.a to reader",
                "alter table app.a enable row level security",
                "create policy one on app.a using (owner = app.yours())");
        TableRights after = rights(read(A).rights(), A);
        assertThat(after.policies().policies().getFirst().expression())
                .isEqualTo(before.policies().policies().getFirst().expression());
        assertThat(after).isNotEqualTo(before);
    }

    @Test
    void changeOfMentionedObjectIsNoticed() throws SQLException {
        for (String change : List.of(
                "create or replace function app.mine() returns int language sql stable as 'select 2'",
                "alter function app.mine() volatile",
                "alter function app.mine() rename to ours",
                "alter policy one on app.a using (owner = 3)",
                "alter policy one on app.a to public, stranger",
                "alter table app.a force row level security",
                "alter table app.a rename column owner to person",
                "revoke select on app.a from reader",
                "grant select (id) on app.a to reader",
                "alter publication p drop table app.a",
                "create policy two on app.a as restrictive using (false)")) {
            TableRights before = rights(read(A).rights(), A);
            postgres.execute(change);
            TableRights after = rights(read(A).rights(), A);
            PostgresRightsReader fresh = new PostgresRightsReader(sources.isolated(), "p", System::nanoTime);
            AccessQuestion question = new AccessQuestion("reader", A);
            assertThat(after)
                    .as(change)
                    .isEqualTo(fresh.read(Set.of(question)).rights().get(question));
            if (!change.contains("to public") && !change.contains("force")) {
                assertThat(after).as(change).isNotEqualTo(before);
            }
        }
    }

    @Test
    void unusableRoleReadsNothing() throws SQLException {
        PostgresRightsReader evaluated =
                new PostgresRightsReader(sources.isolated(), "p", "evaluator", System::nanoTime);
        Map<String, RoleStanding> expected = Map.of(
                "reader", RoleStanding.USABLE,
                "stranger", RoleStanding.NOT_GRANTED,
                "root", RoleStanding.SUPERUSER,
                "none", RoleStanding.UNKNOWN,
                "no such role", RoleStanding.UNKNOWN);
        Set<AccessQuestion> questions = new HashSet<>();
        expected.keySet().forEach(role -> questions.add(new AccessQuestion(role, A)));
        Map<AccessQuestion, TableRights> rights = evaluated.read(questions).rights();
        expected.forEach((role, standing) -> {
            TableAccess access =
                    requireNonNull(rights.get(new AccessQuestion(role, A))).access();
            assertThat(access.standing()).as(role).isEqualTo(standing);
            assertThat(access.readsAnything()).as(role).isEqualTo(standing == RoleStanding.USABLE);
            assertThat(access.columns()).as(role).allMatch(one -> one.readable() == access.usage());
        });
    }

    @Test
    void uncommittedChangeIsUnsettled() throws SQLException {
        for (String change : List.of(
                "revoke select on app.a from reader",
                "grant select (id) on app.a to stranger",
                "revoke usage on schema app from reader",
                "create policy two on app.a as restrictive using (false)",
                "alter table app.a disable row level security",
                "savepoint s; revoke select on app.a from reader",
                "drop policy one on app.a")) {
            try (Connection writer = postgres.connect()) {
                writer.setAutoCommit(false);
                try (Statement statement = writer.createStatement()) {
                    statement.execute(change);
                }
                assertThat(read(A).unsettled())
                        .as("%s, waits for its client", change)
                        .isEmpty();
                assertUnsettledWhileActive(writer, change);
                writer.rollback();
            }
            createTables();
            assertThat(read(A).unsettled()).as("%s, undone", change).isEmpty();
        }
    }

    /// A transaction may be committing while its backend works.
    private void assertUnsettledWhileActive(Connection writer, String change) throws SQLException {
        Thread working = Thread.ofPlatform().start(() -> {
            try (Statement statement = writer.createStatement()) {
                statement.execute("select pg_sleep(600)");
            } catch (SQLException e) {
                // It is cancelled.
            }
        });
        try {
            while (count(
                            "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)' and pid <> pg_backend_pid()")
                    == 0) {
                Thread.onSpinWait();
            }
            Reading reading = read(A);
            assertThat(reading.unsettled()).as(change).contains(A);
            assertThat(reading.unanswered()).isEmpty();
        } finally {
            postgres.execute(
                    "select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)' and pid <> pg_backend_pid()");
            join(working);
        }
    }

    @Test
    void lockedTableIsUnansweredOnlyIfPrinted() throws SQLException {
        assertThat(read(A, B, C).unanswered()).isEmpty();
        try (Connection holder = postgres.connect();
                Statement lock = holder.createStatement()) {
            holder.setAutoCommit(false);
            lock.execute("lock table app.a in access exclusive mode");
            assertThat(read(A, B, C).unanswered()).isEmpty();

            PostgresRightsReader fresh = new PostgresRightsReader(sources.isolated(), "p", System::nanoTime);
            long begun = System.nanoTime();
            Reading reading = fresh.read(Set.of(
                    new AccessQuestion("reader", A),
                    new AccessQuestion("reader", B),
                    new AccessQuestion("reader", new TableId("app", "none"))));
            assertThat(System.nanoTime() - begun).isLessThan(5_000_000_000L);
            assertThat(reading.unanswered()).containsOnlyKeys(A);
            assertThat(reading.rights()).containsOnlyKeys(new AccessQuestion("reader", B));
            holder.rollback();
            assertThat(fresh.read(Set.of(new AccessQuestion("reader", A))).unanswered())
                    .isEmpty();
        }
    }

    @Test
    void unchangedTablesCostFewStatements() throws Exception {
        Set<AccessQuestion> questions = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            TableId table = new TableId("app", "t" + i);
            postgres.execute(
                    "create table app.t" + i + " (id int primary key, owner int)",
                    "alter table app.t" + i + " enable row level security",
                    "create policy one on app.t" + i + " using (owner = app.yours())");
            List.of("reader", "stranger", "root").forEach(role -> questions.add(new AccessQuestion(role, table)));
        }
        assertThat(reader.read(questions).rights()).hasSize(150);
        long before = statements();
        assertThat(reader.read(questions).rights()).hasSize(150);
        assertThat(statements() - before).isLessThan(20);
    }

    private static long statements() throws IOException {
        try (var lines = Files.lines(postgres.log())) {
            return lines.filter(line -> line.contains("LOG:  execute") || line.contains("LOG:  statement:"))
                    .count();
        }
    }

    /// In each state of the table, either the grant or the policy hides everything. An answer in which neither
    /// does mixes two states.
    @Test
    void recreationNeverMixesTwoStates() throws Exception {
        String[] hidden = {
            "drop table if exists app.s cascade",
            "create table app.s (id int primary key, owner int)",
            "alter table app.s enable row level security",
            "create policy one on app.s using (false)",
            "grant select on app.s to reader"
        };
        String[] refused = {
            "drop table if exists app.s cascade",
            "create table app.s (id int primary key, owner int)",
            "alter table app.s enable row level security",
            "create policy one on app.s using (true)"
        };
        String[] refusedAgain = {"alter policy one on app.s using (true)", "revoke select on app.s from reader"};
        String[] hiddenAgain = {"alter policy one on app.s using (false)", "grant select on app.s to reader"};
        assertNeverMixes(List.of(hidden, refusedAgain, refused, hiddenAgain), new TableId("app", "s"), rights -> {
            if (rights.access().readsAnything()) {
                assertThat(rights.policies().policies())
                        .extracting(Policy::expression)
                        .containsExactly("false");
            }
        });
    }

    /// The policy calls one function by its oid. Its text must use the name that the function had at that time.
    @Test
    void renamingNeverMixesTwoStates() throws Exception {
        postgres.execute(
                "create function app.one() returns boolean language sql as 'select true'",
                "create function app.two() returns boolean language sql as 'select false'",
                "alter policy one on app.a using (app.one())");
        String[] swap = {
            "alter function app.one() rename to other",
            "alter function app.two() rename to one",
            "alter function app.other() rename to two"
        };
        assertNeverMixes(List.<String[]>of(swap), A, rights -> {
            PolicySet policies = rights.policies();
            assertThat(policies.policies().getFirst().expression())
                    .isEqualTo(policies.functions().values().iterator().next().name() + "()");
        });
    }

    private void assertNeverMixes(List<String[]> states, TableId table, Consumer<TableRights> check) throws Exception {
        long end = System.nanoTime() + Long.getLong("walcast.storm.seconds", 5) * 1_000_000_000L;
        Thread storm = Thread.ofPlatform().start(() -> {
            try (Connection connection = postgres.connect();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                for (int i = 0; System.nanoTime() < end; i++) {
                    for (String sql : states.get(i % states.size())) {
                        statement.execute(sql);
                    }
                    connection.commit();
                    statement.execute("select pg_sleep((array[0, 0, 0.01, 0.05, 0.2])[1 + floor(random() * 5)::int])");
                    connection.commit();
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        AccessQuestion question = new AccessQuestion("reader", table);
        int answers = 0;
        while (storm.isAlive()) {
            Reading reading = reader.read(Set.of(question, new AccessQuestion("reader", B)));
            assertThat(reading.rights()).containsKey(new AccessQuestion("reader", B));
            TableRights rights = reading.rights().get(question);
            if (rights != null) {
                check.accept(rights);
            }
            answers += rights == null ? 0 : 1;
        }
        join(storm);
        assertThat(answers).isPositive();
        assertThat(reader.read(Set.of(question)).rights()).hasSize(1);
    }

    private Reading read(TableId... tables) throws SQLException {
        Set<AccessQuestion> questions = new HashSet<>();
        for (TableId table : tables) {
            questions.add(new AccessQuestion("reader", table));
        }
        return reader.read(questions);
    }

    private static TableRights rights(Map<AccessQuestion, TableRights> rights, TableId table) {
        return requireNonNull(rights.get(new AccessQuestion("reader", table)));
    }

    private static String sql(TableId table) {
        return table.schema() + "." + table.name();
    }

    private static long count(String query) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
