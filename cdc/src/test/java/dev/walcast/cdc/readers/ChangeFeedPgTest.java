package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

@EachReader
class ChangeFeedPgTest extends SharedPostgresTest {
    @Parameter
    private Reader reader;

    private static final Duration SOON = Duration.ofSeconds(30);

    private final RecordingListener listener = new RecordingListener();
    private final List<SlotSource> sources = new ArrayList<>();
    private String slot;

    @BeforeEach
    void freshSchema() {
        slot = "s" + UUID.randomUUID().toString().replace("-", "");
        postgres.execute(
                "drop schema public cascade; create schema public",
                "drop publication if exists p",
                "create publication p for all tables");
    }

    @AfterEach
    void stopSources() {
        sources.forEach(SlotSource::close);
        postgres.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    @Test
    void changesCarryTheDefaultIdentity() throws Exception {
        postgres.execute("create table t (id int primary key, v text)");
        start(listener);
        postgres.execute(
                "insert into t values (1, 'a'); update t set v = 'b'; update t set id = 2; delete from t; truncate t");
        awaitChanges(5);

        assertThat(text(((Change.Insert) change(0)).newRow())).isEqualTo("1 a");
        Change.Update update = (Change.Update) change(1);
        assertThat(text(update.newRow())).isEqualTo("1 b");
        assertThat(text(update.oldRow())).isEqualTo("1 NOT_IN_IDENTITY");
        Change.Update keyUpdate = (Change.Update) change(2);
        assertThat(text(keyUpdate.newRow())).isEqualTo("2 b");
        assertThat(text(keyUpdate.oldRow())).isEqualTo("1 NOT_IN_IDENTITY");
        assertThat(text(((Change.Delete) change(3)).oldRow())).isEqualTo("2 NOT_IN_IDENTITY");
        assertThat(change(4)).isInstanceOf(Change.Truncate.class);
        assertThat(listener.changes)
                .allMatch(change -> change.commit().equals(change(0).commit()));
        assertThat(listener.changes)
                .extracting(change -> change.position().ordinal())
                .containsExactly(0L, 1L, 2L, 3L, 4L);
    }

    @Test
    void oldRowsCarryFullAndIndexIdentities() throws Exception {
        postgres.execute(
                "create table f (id int primary key, v text, n text); alter table f replica identity full",
                "create table i (id int primary key, v text not null unique, n text);"
                        + " alter table i replica identity using index i_v_key");
        start(listener);
        postgres.execute(
                "insert into f values (1, 'a', null); update f set v = 'b'; update f set id = 3; delete from f",
                "insert into i values (1, 'a', 'x'); update i set n = 'y'; update i set v = 'b'; delete from i");
        awaitChanges(8);

        assertThat(text(((Change.Update) change(1)).oldRow())).isEqualTo("1 a null");
        assertThat(text(((Change.Update) change(2)).oldRow())).isEqualTo("1 b null");
        assertThat(text(((Change.Delete) change(3)).oldRow())).isEqualTo("3 b null");
        assertThat(text(((Change.Update) change(5)).oldRow())).isEqualTo("NOT_IN_IDENTITY a NOT_IN_IDENTITY");
        assertThat(text(((Change.Update) change(6)).oldRow())).isEqualTo("NOT_IN_IDENTITY a NOT_IN_IDENTITY");
        assertThat(text(((Change.Delete) change(7)).oldRow())).isEqualTo("NOT_IN_IDENTITY b NOT_IN_IDENTITY");
    }

    @Test
    void unchangedLargeValueIsMissing() throws Exception {
        postgres.execute(
                "create table t (id int primary key, n int, big text, a text[], j jsonb)",
                "alter table t alter big set storage external, alter a set storage external, alter j set storage external");
        start(listener);
        postgres.execute(
                "insert into t values (1, 1, repeat('x', 10000), array[repeat('y', 10000)],"
                        + " to_jsonb(repeat('z', 10000)))",
                "update t set n = 2",
                "insert into t values (2, 1, '__debezium_unavailable_value', null, null)",
                "insert into t values (3, 1, 'missing: unchanged_toast', null, null)");
        awaitChanges(4);

        Row updated = ((Change.Update) change(1)).newRow();
        assertThat(updated.text(1)).isEqualTo("2");
        assertThat(updated.missingColumns()).extracting(Column::name).containsExactly("big", "a", "j");
        assertThat(updated.missing(2)).isEqualTo(MissingReason.UNCHANGED_TOAST);
        assertThat(((Change.Insert) change(2)).newRow().text(2)).isEqualTo("__debezium_unavailable_value");
        assertThat(((Change.Insert) change(3)).newRow().text(2)).isEqualTo("missing: unchanged_toast");
    }

    @Test
    void tableMayChangeWithinATransaction() throws Exception {
        postgres.execute("create table t (id int primary key, v text)");
        start(listener);
        postgres.execute(
                "begin; insert into t values (1, 'a'); alter table t add column w int; insert into t values (2, 'b', 7);"
                        + " alter table t rename column v to vv; insert into t values (3, 'c', 8);"
                        + " alter table t drop column w; insert into t values (4, 'd'); commit",
                "create type mood as enum ('sad', 'ok'); create type addr as (street text, no int);"
                        + " create domain posint as int check (value > 0);"
                        + " create table n (id posint primary key, m mood, ms mood[], a addr, d addr[])",
                "insert into n values (1, 'ok', '{sad,ok}', '(Main,5)', array[row('x', 1)::addr])");
        awaitChanges(5);

        assertThat(names(change(0))).containsExactly("id", "v");
        assertThat(names(change(1))).containsExactly("id", "v", "w");
        assertThat(names(change(2))).containsExactly("id", "vv", "w");
        assertThat(names(change(3))).containsExactly("id", "vv");
        assertThat(text(((Change.Insert) change(4)).newRow())).isEqualTo("1 ok {sad,ok} (Main,5) {\"(x,1)\"}");
    }

    @Test
    void readsQuotedNamesPartitionsAndGeneratedColumns() throws Exception {
        postgres.execute(
                "create schema \"My Schema\"; create table \"My Schema\".\"Weird.Table, x\" (\"Id.x\" int primary key,"
                        + " \"sp ace\" text)",
                "create table parts (id int, k int, primary key (id, k)) partition by list (k)",
                "create table parts_1 partition of parts for values in (1)",
                "create table parts_2 partition of parts for values in (2)",
                "create table g (id int primary key, double int generated always as (id * 2) stored)");
        start(listener);
        postgres.execute(
                "insert into \"My Schema\".\"Weird.Table, x\" values (1, 'a')",
                "insert into parts values (1, 1); update parts set k = 2",
                "insert into g values (4)");
        awaitChanges(5);

        assertThat(change(0).table().id()).isEqualTo(new TableId("My Schema", "Weird.Table, x"));
        assertThat(names(change(0))).containsExactly("Id.x", "sp ace");
        assertThat(change(1).table().id().name()).isEqualTo("parts_1");
        assertThat(change(2)).isInstanceOf(Change.Delete.class);
        assertThat(change(3)).isInstanceOf(Change.Insert.class);
        assertThat(change(3).table().id().name()).isEqualTo("parts_2");
        assertThat(names(change(4))).containsExactly("id");
        postgres.execute("drop schema \"My Schema\" cascade");
    }

    @Test
    void rolledBackChangesAreNotDelivered() throws Exception {
        postgres.execute("create table t (id int primary key)");
        start(listener);
        postgres.execute(
                "begin; insert into t values (1); rollback",
                "begin; insert into t values (2); savepoint s; insert into t values (3); rollback to s;"
                        + " insert into t values (4); commit");
        awaitChanges(2);
        assertThat(listener.changes)
                .extracting(change -> text(((Change.Insert) change).newRow()))
                .containsExactly("2", "4");
    }

    @Test
    void largeTransactionsArriveOnceInCommitOrder() throws Exception {
        postgres.execute("create table t (id int primary key, v text)");
        SourceConfig usual = SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", slot);
        SourceConfig tiny = new SourceConfig(
                usual.url(), usual.publications(), slot, usual.pollInterval(), 10_000, usual.slotWait());
        start(tiny, listener);
        for (int i = 0; i < 100; i++) {
            postgres.execute("insert into t select n, 'v' || n from generate_series(" + (i * 100 + 1) + ", "
                    + (i * 100 + 100) + ") n");
        }
        postgres.execute("insert into t select n, 'v' || n from generate_series(10001, 60000) n");
        awaitChanges(60_000);

        for (int i = 0; i < 60_000; i++) {
            assertThat(text(((Change.Insert) change(i)).newRow())).isEqualTo((i + 1) + " v" + (i + 1));
            assertThat(i == 0 || change(i).position().compareTo(change(i - 1).position()) > 0)
                    .isTrue();
        }
        assertThat(listener.transactions).hasValue(101);
    }

    @Test
    void restartDeliversMissedChangesOnce() throws Exception {
        postgres.execute("create table t (id int primary key)");
        SlotSource first = start(listener);
        postgres.execute("insert into t values (1)");
        awaitChanges(1);
        awaitConfirmed(first);
        first.close();
        postgres.execute("insert into t values (2)");
        start(listener);
        postgres.execute("insert into t values (3)");
        awaitChanges(3);
        assertThat(listener.changes)
                .extracting(change -> text(((Change.Insert) change).newRow()))
                .containsExactly("1", "2", "3");
    }

    @Test
    void slotAdvancesAfterTheListenerReturned() throws Exception {
        postgres.execute("create table t (id int primary key)");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        SlotSource source = start(new Blocking(entered, release));
        String before = confirmed();
        postgres.execute("insert into t values (1)");
        entered.await();
        postgres.execute("insert into t values (2)");
        assertThat(confirmed()).isEqualTo(before);
        release.countDown();
        awaitConfirmed(source);
    }

    private record Blocking(CountDownLatch entered, CountDownLatch release) implements ChangeListener {
        @Override
        public void onTransaction(Transaction transaction) {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void onState(SourceState state) {}
    }

    @Test
    void transactionIsRepeatedWhenTheListenerThrows() throws Exception {
        postgres.execute("create table t (id int primary key)");
        AtomicInteger failures = new AtomicInteger(2);
        start(new ChangeListener() {
            @Override
            public void onTransaction(Transaction transaction) {
                if (failures.getAndDecrement() > 0) {
                    throw new IllegalStateException("on purpose");
                }
                listener.onTransaction(transaction);
            }

            @Override
            public void onState(SourceState state) {
                listener.onState(state);
            }
        });
        postgres.execute("insert into t values (1)", "insert into t values (2)");
        awaitChanges(2);
        assertThat(listener.changes)
                .extracting(change -> text(((Change.Insert) change).newRow()))
                .containsExactly("1", "2");
        assertThat(listener.states).anyMatch(state -> state instanceof SourceState.Reconnecting);
    }

    private SlotSource start(ChangeListener target) throws Exception {
        return start(SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", slot), target);
    }

    private SlotSource start(SourceConfig config, ChangeListener target) throws Exception {
        SlotSource source = reader.source(config);
        sources.add(source);
        source.start(target);
        return source;
    }

    private void awaitChanges(int count) {
        await().atMost(SOON).untilAsserted(() -> assertThat(listener.changes).hasSizeGreaterThanOrEqualTo(count));
        assertThat(listener.changes).hasSize(count);
    }

    private void awaitConfirmed(SlotSource source) {
        await().atMost(SOON)
                .until(() -> source.activity().reached().value() > 0
                        && dev.walcast.cdc.Lsn.parse(confirmed())
                                        .compareTo(source.activity().reached())
                                >= 0);
    }

    private String confirmed() throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select confirmed_flush_lsn from pg_replication_slots where slot_name = '" + slot + "'")) {
            row.next();
            return row.getString(1);
        }
    }

    private Change change(int index) {
        return listener.changes.get(index);
    }

    private static List<String> names(Change change) {
        return change.table().columns().stream().map(Column::name).toList();
    }

    private static String text(Row row) {
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < row.table().columns().size(); i++) {
            cells.add(row.missing(i) != null ? row.missing(i).name() : String.valueOf(row.text(i)));
        }
        return String.join(" ", cells);
    }
}
