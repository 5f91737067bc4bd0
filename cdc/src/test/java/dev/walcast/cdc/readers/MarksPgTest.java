package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// A change whose [Table] is another instance than the table's last one is a mark: the table may have changed
/// in between.
@EachReader
class MarksPgTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    /// The operations; each one works after the ones before it.
    private static final List<String> DEEDS = List.of(
            "alter table app.t enable row level security",
            "alter table app.t force row level security",
            "create policy p on app.t using (true)",
            "alter policy p on app.t using (id > 0)",
            "alter policy p on app.t to marked",
            "alter policy p on app.t rename to q",
            "drop policy q on app.t",
            "alter table app.t no force row level security",
            "alter table app.t disable row level security",
            "grant select on app.t to marked",
            "grant select (id) on app.t to marked",
            "revoke select (id) on app.t from marked",
            "revoke select on app.t from marked",
            "grant select on all tables in schema app to marked",
            "alter table app.t owner to marked",
            "alter table app.t owner to postgres",
            "alter table app.t add column w int",
            "alter table app.t rename column w to x",
            "alter table app.t drop column x",
            "alter table app.t replica identity full",
            "alter table app.t set schema public; alter table t set schema app",
            "alter table app.t rename to u; alter table app.u rename to t",
            "drop table app.t; create table app.t (id serial primary key, v int)");

    /// Postgres 15 does not report these operations.
    private static final List<String> SCHEMA_DEEDS = List.of(
            "grant usage on schema app to marked",
            "revoke usage on schema app from marked",
            "alter schema app owner to marked");

    private static TestPostgres postgres;

    @Parameter
    private Reader reader;

    private final RecordingListener listener = new RecordingListener();
    private SlotSource source;

    /// ANALYZE marks a table, too.
    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start(Map.of("autovacuum", "off"));
        postgres.execute("create role marked");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void readTable() throws Exception {
        postgres.execute(
                "drop schema if exists app cascade; create schema app",
                "create table app.t (id serial primary key, v int)",
                "create table app.other (id serial primary key, v int)",
                "drop publication if exists p; create publication p for all tables");
        source = reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", "marks"));
        source.start(listener);
        postgres.execute("insert into app.t (v) values (0)", "insert into app.other (v) values (0)");
        awaitChanges(2);
    }

    @AfterEach
    void stopReading() {
        source.close();
        postgres.dropSlots();
    }

    @Test
    void quietTableKeepsItsInstance() {
        for (int i = 0; i < 25; i++) {
            postgres.execute(
                    "insert into app.t (v) values (1)",
                    "begin; insert into app.t (v) values (2); insert into app.t (v) values (3); commit",
                    "update app.t set v = 4 where v = 1");
        }
        awaitChanges(102);
        assertThat(tables()).hasSize(2);
        assertThat(listener.tables).allSatisfy(tables -> assertThat(tables).hasSize(1));
    }

    @Test
    void firstRowAfterEachOperationHasNewTable() {
        for (String deed : deeds()) {
            Table before = last().table();
            int count = listener.changes.size();
            postgres.execute(deed, "insert into app.t (v) values (1)", "insert into app.t (v) values (2)");
            awaitChanges(count + 2);
            assertThat(last(1).table()).as(deed).isNotSameAs(before);
            assertThat(last().table()).as("after " + deed).isSameAs(last(1).table());
        }
    }

    @Test
    void rowAfterOperationInTransactionHasNewTable() {
        for (String deed : deeds()) {
            int count = listener.changes.size();
            postgres.execute("begin; insert into app.t (v) values (1); " + deed
                    + "; insert into app.t (v) values (2); insert into app.t (v) values (3); commit");
            awaitChanges(count + 3);
            assertThat(last(1).table()).as(deed).isNotSameAs(last(2).table());
            assertThat(last().table()).as("after " + deed).isSameAs(last(1).table());
            assertThat(lastTables()).as(deed).containsExactly(last(2).table(), last().table());
        }
    }

    /// An operation that another session commits between a row and its commit. It must not wait for the row's
    /// lock.
    @Test
    void operationCommittedBeforeTheRowMarksIt() throws Exception {
        List<String> deeds = new ArrayList<>(List.of(
                "grant select on app.t to marked",
                "grant select (id) on app.t to marked",
                "revoke select (id) on app.t from marked",
                "revoke select on app.t from marked"));
        deeds.addAll(schemaDeeds());
        for (String deed : deeds) {
            int count = listener.changes.size();
            Table before = last().table();
            try (Connection session = postgres.connect();
                    Statement statement = session.createStatement()) {
                statement.execute("begin; insert into app.t (v) values (1)");
                postgres.execute(deed);
                statement.execute("commit");
            }
            awaitChanges(count + 1);
            assertThat(last().table()).as(deed).isNotSameAs(before);
        }
    }

    @Test
    void rolledBackOperationKeepsColumns() {
        postgres.execute("begin; insert into app.t (v) values (1); savepoint s; alter table app.t add column w int;"
                + " insert into app.t (v, w) values (2, 2); rollback to s; insert into app.t (v) values (3); commit");
        awaitChanges(4);
        assertThat(last().table().columns()).hasSize(2);
    }

    @Test
    void deleteAndTruncateAreMarkedToo() {
        Table before = last(1).table();
        postgres.execute("grant select on app.t to marked", "delete from app.t");
        awaitChanges(3);
        Table deleted = last().table();
        postgres.execute("revoke select on app.t from marked", "truncate app.t");
        awaitChanges(4);
        assertThat(List.of(before, deleted, last().table())).doesNotHaveDuplicates();
    }

    @Test
    void otherTablesAreNotMarked() {
        Table other = last().table();
        postgres.execute(
                "create policy p on app.t using (true)",
                "grant select on app.t to marked",
                "alter table app.t enable row level security",
                "insert into app.other (v) values (1)");
        awaitChanges(3);
        assertThat(last().table()).isSameAs(other);
    }

    /// Postgres sends its Relation message only when something about the partition has changed.
    @Test
    void partitionedTableIsMarkedInEachTransaction() {
        postgres.execute(
                "create table app.parts (id int, k int, primary key (id, k)) partition by list (k)",
                "create table app.part partition of app.parts for values in (1)",
                "alter publication p set (publish_via_partition_root = true)",
                "insert into app.parts values (1, 1)");
        awaitChanges(3);
        for (String deed : List.of(
                "create policy p on app.parts using (true)",
                "alter table app.parts enable row level security",
                "grant select on app.parts to marked")) {
            Table before = last().table();
            int id = listener.changes.size();
            postgres.execute(
                    deed,
                    "begin; insert into app.parts values (" + id + ", 1); insert into app.parts values (-" + id
                            + ", 1); commit");
            awaitChanges(id + 2);
            assertThat(last().table().id()).isEqualTo(new TableId("app", "parts"));
            assertThat(last().table()).as(deed).isNotSameAs(before).isSameAs(last(1).table());
        }
    }

    @Test
    void reconnectGivesNewTables() throws Exception {
        Table before = last(1).table();
        Table other = last().table();
        try (Connection session = postgres.connect();
                Statement statement = session.createStatement()) {
            statement.execute("begin; insert into app.t (v) values (1)");
            restart();
            statement.execute("grant select on app.t to marked; insert into app.t (v) values (2); commit");
        }
        awaitChanges(4);
        assertThat(List.of(before, last(1).table(), last().table())).doesNotHaveDuplicates();
        postgres.execute("insert into app.other (v) values (1)");
        awaitChanges(5);
        assertThat(last().table()).isNotSameAs(other);
    }

    @Test
    void transactionNamesItsTablesInOrder() {
        postgres.execute("begin; insert into app.other (v) values (1); insert into app.t (v) values (1);"
                + " grant select on app.t to marked; insert into app.t (v) values (2);"
                + " insert into app.other (v) values (2); commit");
        awaitChanges(6);
        assertThat(lastTables()).containsExactly(last(3).table(), last(2).table(), last(1).table());
        assertThat(last().table()).isSameAs(last(3).table());
    }

    @Test
    void transactionalMessageAnnouncesRights() {
        String message = "select pg_logical_emit_message(true, 'walcast.rights', ";
        postgres.execute(
                message + "'alone')",
                "insert into app.t (v) values (1)",
                "begin; insert into app.t (v) values (2); " + message + "repeat('x', 1000000)); " + message
                        + "'again'); insert into app.t (v) values (3); commit",
                "begin; insert into app.t (v) values (4); savepoint s; " + message
                        + "'undone'); rollback to s; commit");
        awaitChanges(6);
        assertThat(listener.announcements).containsExactly(2, 3);
    }

    @Test
    void otherMessagesAnnounceNothing() {
        postgres.execute(
                "select pg_logical_emit_message(false, 'walcast.rights', 'no transaction')",
                "begin; insert into app.t (v) values (1); select pg_logical_emit_message(false, 'walcast.rights', '');"
                        + " insert into app.t (v) values (2); commit");
        for (String prefix : List.of("walcast", "walcast.right", "walcast.rights2", "Walcast.rights", "", "x")) {
            postgres.execute("begin; insert into app.t (v) values (3); select pg_logical_emit_message(true, '" + prefix
                    + "', 'walcast.rights'); commit");
        }
        postgres.execute("begin; insert into app.t (v) values (3); select pg_logical_emit_message(true,"
                + " repeat('walcast.rights', 100000), ''::bytea); commit");
        awaitChanges(11);
        assertThat(listener.announcements).isEmpty();
    }

    private static List<String> deeds() {
        return Stream.of(DEEDS, schemaDeeds()).flatMap(List::stream).toList();
    }

    private static List<String> schemaDeeds() {
        return postgres.majorVersion() == 15 ? List.of() : SCHEMA_DEEDS;
    }

    private void restart() {
        int states = listener.states.size();
        source.restart("the test wants it");
        await().atMost(SOON)
                .until(() -> List.copyOf(listener.states).stream()
                        .skip(states)
                        .anyMatch(SourceState.Streaming.class::isInstance));
    }

    private void awaitChanges(int count) {
        await().atMost(SOON).untilAsserted(() -> assertThat(listener.changes).hasSizeGreaterThanOrEqualTo(count));
        assertThat(listener.changes).hasSize(count);
    }

    private Change last() {
        return last(0);
    }

    /// @param before how many changes came after it
    private Change last(int before) {
        return listener.changes.get(listener.changes.size() - 1 - before);
    }

    private Collection<Table> lastTables() {
        return listener.tables.getLast();
    }

    private List<Table> tables() {
        return Stream.of(listener.changes.toArray(Change[]::new))
                .map(Change::table)
                .distinct()
                .toList();
    }
}
