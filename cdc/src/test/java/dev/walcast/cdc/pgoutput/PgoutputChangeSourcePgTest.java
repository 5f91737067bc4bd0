package dev.walcast.cdc.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import dev.walcast.cdc.testing.TestPostgres;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The guarantees of this reader beyond those of all readers.
class PgoutputChangeSourcePgTest extends SharedPostgresTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    private final RecordingListener listener = new RecordingListener();
    private String slot;

    @BeforeEach
    void freshSchema() {
        slot = "s" + UUID.randomUUID().toString().replace("-", "");
        postgres.execute(
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active",
                "drop schema public cascade; create schema public",
                "drop publication if exists p",
                "create publication p for all tables",
                "create table t (id int primary key, v text)");
    }

    @Test
    void namesMayHoldQuotes() throws Exception {
        postgres.execute(
                "create publication \"P's \"\"own\"\"\" for all tables",
                "create table \"a\"\"b\" (id int primary key, \"c\"\"d\" text)");
        SourceConfig config = SourceConfig.of(PostgresUrl.parse(postgres.url()), "P's \"own\"", slot);
        try (PgoutputChangeSource source = new PgoutputChangeSource(config, System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute("insert into \"a\"\"b\" values (1, 'x')");
            awaitChanges(1);
        } finally {
            postgres.execute("drop publication \"P's \"\"own\"\"\"");
        }
        Table table = listener.changes.getFirst().table();
        assertThat(table.id().name()).isEqualTo("a\"b");
        assertThat(table.columns().get(1).name()).isEqualTo("c\"d");
    }

    @Test
    void severalPublicationsAreOneFeed() throws Exception {
        postgres.execute(
                "create table u (id int)",
                "create table neither (id int)",
                "drop publication p",
                "create publication p for table t",
                "create publication q for table u");
        SourceConfig one = config();
        SourceConfig two = new SourceConfig(
                one.url(), List.of("p", "q"), slot, one.pollInterval(), one.transactionMemoryBytes(), one.slotWait());
        try (PgoutputChangeSource source = new PgoutputChangeSource(two, System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute(
                    "begin; insert into u values (1); insert into neither values (2); insert into t values (3);"
                            + " commit");
            awaitChanges(2);
        } finally {
            postgres.execute("drop publication q");
        }
        assertThat(listener.changes)
                .extracting(change -> change.table().id().name())
                .containsExactly("u", "t");
        assertThat(listener.transactions).hasValue(1);
    }

    @Test
    void repeatedDescriptionSharesTheColumns() throws Exception {
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute(
                    "insert into t values (1)", "comment on table t is 'x'; analyze t", "insert into t values (2)");
            postgres.execute("alter table t add w int", "insert into t values (3)");
            awaitChanges(3);
        }
        List<Table> tables = listener.changes.stream().map(Change::table).toList();
        assertThat(tables).doesNotHaveDuplicates();
        assertThat(tables.get(1).columns()).isSameAs(tables.get(0).columns());
        assertThat(tables.get(2).columns()).hasSize(3);
    }

    /// The feed's mark cannot cover the position of a keepalive.
    @Test
    void logWithoutChangesIsReleasedByTheNextMessage() throws Exception {
        postgres.execute("drop publication p", "create publication p for table t", "create table quiet (v text)");
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(listener);
            Lsn reach = listener.starts.getFirst().reach();
            await().atMost(SOON).until(() -> confirmed().isAfter(reach));
            for (int i = 0; i < 3; i++) {
                Lsn before = confirmed();
                long heard = source.activity().records();
                postgres.execute(
                        "set synchronous_commit = on",
                        "insert into quiet select repeat('x', 1000) from generate_series(1, 1000)");
                Lsn written = lsn("select pg_current_wal_flush_lsn()");
                await().atMost(SOON).until(() -> received().compareTo(written) >= 0);
                assertThat(source.activity().records()).isGreaterThan(heard);
                assertThat(confirmed()).isEqualTo(before);
                postgres.execute("select pg_logical_emit_message(true, 'anybody', 'anything')");
                await().atMost(Duration.ofSeconds(10)).until(() -> confirmed().compareTo(written) >= 0);
            }
        }
        assertThat(listener.changes).isEmpty();
    }

    /// A message of another application is not delivered, whether or not it belongs to a transaction.
    @Test
    void foreignMessagesAreNoChanges() throws Exception {
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute(
                    "select pg_logical_emit_message(false, 'other', 'x')",
                    "begin; insert into t values (1); select pg_logical_emit_message(true, 'other', 'y');"
                            + " select pg_logical_emit_message(false, 'other', 'z'); insert into t values (2); commit");
            awaitChanges(2);
        }
        assertThat(listener.transactions).hasValue(1);
    }

    /// Postgres ends the connection of a reader without a status for `wal_sender_timeout`.
    @Test
    void statusIsSentWhileTheListenerWorks() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(new Listener(transaction -> {
                entered.countDown();
                release.await();
            }));
            postgres.execute("insert into t values (1)");
            entered.await();
            String heardOfUs = "select coalesce(max(reply_time)::text, 'never') from pg_stat_replication";
            String before = text(heardOfUs);
            await().atMost(Duration.ofSeconds(20)).until(() -> !text(heardOfUs).equals(before));
            assertThat(source.state()).isInstanceOf(SourceState.Streaming.class);
            release.countDown();
        }
    }

    @Test
    void slotPassesOnlyHandledTransactions() throws Exception {
        BlockingQueue<Runnable> deferred = new LinkedBlockingQueue<>();
        BlockingQueue<Lsn> commits = new LinkedBlockingQueue<>();
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(new Listener(transaction -> {
                deferred.add(transaction.defer());
                commits.add(transaction.commit().lsn());
            }));
            postgres.execute("insert into t values (1)", "insert into t values (2)", "insert into t values (3)");
            Runnable first = deferred.take();
            Runnable second = deferred.take();
            Runnable third = deferred.take();
            Lsn firstEnd = commits.take();
            Lsn secondEnd = commits.take();
            Lsn thirdEnd = commits.take();
            second.run();
            postgres.execute("create table other (id int)", "select pg_sleep(0.5)");
            assertThat(confirmed()).isLessThan(firstEnd);
            first.run();
            await().atMost(SOON).until(() -> confirmed().compareTo(secondEnd) >= 0);
            assertThat(confirmed()).isLessThan(thirdEnd);
            third.run();
            await().atMost(SOON).until(() -> confirmed().compareTo(thirdEnd) >= 0);
        }
    }

    @Test
    void closeReportsTheLastHandledTransaction() throws Exception {
        BlockingQueue<Runnable> deferred = new LinkedBlockingQueue<>();
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(new Listener(transaction -> deferred.add(transaction.defer())));
            postgres.execute("insert into t values (1)");
            Runnable handled = deferred.take();
            handled.run();
        }
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute("insert into t values (2)");
            awaitChanges(1);
        }
        assertThat(((Change.Insert) listener.changes.getFirst()).newRow().text(0))
                .isEqualTo("2");
    }

    @Test
    void shutdownDoesNotWaitForUnhandledTransactions() throws Exception {
        AtomicInteger transactions = new AtomicInteger();
        try (TestPostgres stopped = TestPostgres.start()) {
            stopped.execute("create table t (id int primary key)", "create publication p for all tables");
            SourceConfig config = SourceConfig.of(PostgresUrl.parse(stopped.url()), "p", slot);
            try (PgoutputChangeSource source =
                    new PgoutputChangeSource(config, System::nanoTime, InstantSource.system())) {
                source.start(new Listener(transaction -> {
                    if (transactions.incrementAndGet() > 1) {
                        transaction.defer();
                    }
                }));
                stopped.execute("insert into t values (1)", "insert into t values (2)");
                await().atMost(SOON).until(() -> transactions.get() == 2);
                ProcessHandle postmaster = ProcessHandle.of(stopped.pid()).orElseThrow();
                stopped.stop();
                await().atMost(SOON).until(() -> !postmaster.isAlive());
            }
        }
    }

    @Test
    void closeDuringMuchLogIsFast() throws Exception {
        postgres.execute("select 'x' from pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
        postgres.execute("insert into t select n, repeat('v', 200) from generate_series(1, 200000) n");
        PgoutputChangeSource source = new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system());
        source.start(listener);
        await().atMost(SOON)
                .until(() -> !text("select count(*)::text from pg_replication_slots where active and slot_name = '"
                                + slot + "'")
                        .equals("0"));
        long began = System.nanoTime();
        source.close();
        assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(10));
        assertThat(source.state()).isInstanceOf(SourceState.Stopped.class);
    }

    @Test
    void reconnectRepeatsNoTransaction() throws Exception {
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute("insert into t values (1)");
            awaitChanges(1);
            postgres.execute("select pg_terminate_backend(pid) from pg_stat_replication");
            await().atMost(SOON)
                    .until(() -> listener.states.stream().anyMatch(SourceState.Reconnecting.class::isInstance));
            postgres.execute("insert into t values (2)");
            awaitChanges(2);
            await().atMost(SOON).until(() -> source.state() instanceof SourceState.Streaming);
        }
    }

    /// The driver's own polling would wake the thread a thousand times a second.
    @Test
    void idleReaderUsesNoProcessor() throws Exception {
        try (PgoutputChangeSource source =
                new PgoutputChangeSource(config(), System::nanoTime, InstantSource.system())) {
            source.start(listener);
            postgres.execute("insert into t values (1)");
            awaitChanges(1);
            long before = sourceThreadNanos();
            long began = System.nanoTime();
            postgres.execute("select pg_sleep(3)");
            double share = (double) (sourceThreadNanos() - before) / (System.nanoTime() - began);
            assertThat(share).isLessThan(0.01);
        }
    }

    private static long sourceThreadNanos() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("walcast-source"))
                .mapToLong(thread -> ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId()))
                .sum();
    }

    private interface Action {
        void run(Transaction transaction) throws Exception;
    }

    /// Acts on transactions that have changes.
    private record Listener(Action action) implements ChangeListener {
        @Override
        public void onTransaction(Transaction transaction) {
            AtomicInteger changes = new AtomicInteger();
            transaction.forEach(_ -> changes.incrementAndGet());
            try {
                if (changes.get() > 0) {
                    action.run(transaction);
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void onState(SourceState state) {}
    }

    private SourceConfig config() {
        return SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", slot);
    }

    private void awaitChanges(int count) {
        await().atMost(SOON).untilAsserted(() -> assertThat(listener.changes).hasSizeGreaterThanOrEqualTo(count));
        assertThat(listener.changes).hasSize(count);
    }

    private Lsn confirmed() throws SQLException {
        return lsn("select confirmed_flush_lsn from pg_replication_slots where slot_name = '" + slot + "'");
    }

    /// Returns the position that the reader has reported as received.
    private Lsn received() throws SQLException {
        return lsn("select coalesce(max(r.write_lsn), '0/0') from pg_stat_replication r"
                + " join pg_replication_slots s on s.active_pid = r.pid where s.slot_name = '" + slot + "'");
    }

    private static Lsn lsn(String query) throws SQLException {
        return Lsn.parse(text(query));
    }

    private static String text(String query) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }
}
