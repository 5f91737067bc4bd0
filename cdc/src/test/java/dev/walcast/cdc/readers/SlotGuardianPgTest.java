package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.Parameter;

@EachReader
class SlotGuardianPgTest extends SharedPostgresTest {
    @Parameter
    private Reader reader;

    private static final Duration HEARTBEAT = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final LongSupplier CLOCK = System::nanoTime;

    @BeforeAll
    static void prepareDatabase() {
        postgres.execute(
                "create table watched (id int primary key)",
                "create table neighbour (id int, body text)",
                "create publication p for table watched");
    }

    @Test
    void quietTablesRetainNoLog() throws Exception {
        try (Watched watched = new Watched(reader, own("quiet"), postgres.port(), Duration.ofMinutes(1))) {
            await().until(() -> watched.guardian.health().walStatus() != null);
            postgres.execute("insert into neighbour select n, repeat('x', 500) from generate_series(1, 20000) n");
            Lsn written = currentLsn();
            await().atMost(PATIENCE).until(() -> confirmed(own("quiet")).isAfter(written));
            await().atMost(PATIENCE).until(() -> watched.guardian.health().retainedBytes() < 1 << 20);
            assertThat(watched.listener.changes).isEmpty();
        }
    }

    /// The acknowledgements wait, as they do for the replay window.
    @Test
    void replayLagIsTheListenersLag() throws Exception {
        try (Watched watched = new Watched(reader, own("replay"), postgres.port(), Duration.ofMinutes(1))) {
            watched.listener.deferAcknowledgements();
            postgres.execute("insert into watched values (20)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 1);
            Lsn written = currentLsn();
            await().atMost(PATIENCE)
                    .until(() -> lsn("select coalesce(r.replay_lsn, '0/0')::text from pg_stat_replication r join"
                                    + " pg_replication_slots s on s.active_pid = r.pid where slot_name = '"
                                    + own("replay") + "'")
                            .isAfter(written));
            assertThat(confirmed(own("replay")).isAfter(written)).isFalse();
            postgres.execute("delete from watched");
        }
    }

    @Test
    void deafReaderIsRestartedAndMissesNothing() throws Exception {
        try (FreezableProxy proxy = new FreezableProxy(postgres.port());
                Watched watched = new Watched(reader, own("stalled"), proxy.port(), Duration.ofSeconds(2))) {
            postgres.execute("insert into watched values (1)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 1);
            awaitHeartbeat(own("stalled"));
            awaitHeartbeat(own("stalled"));
            proxy.freeze();
            postgres.execute("insert into watched values (2)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 2);
            postgres.execute("insert into watched values (3)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 3);
            assertThat(watched.listener.states).anyMatch(state -> state instanceof SourceState.Reconnecting);
            postgres.execute("delete from watched");
        }
    }

    /// The guardian has seen only little of the reader.
    @Test
    void readerThatHangsAfterItsFirstRowIsRestarted() throws Exception {
        try (FreezableProxy proxy = new FreezableProxy(postgres.port());
                Watched watched =
                        new Watched(reader, own("young"), proxy.port(), Duration.ofSeconds(2), CLOCK, false)) {
            postgres.execute("insert into watched values (1)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 1);
            proxy.freeze();
            watched.watch();
            postgres.execute("insert into watched values (2)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 2);
            postgres.execute("delete from watched");
        }
    }

    /// This is done twice, because the source is not streaming the second time.
    @TestFactory
    Stream<DynamicTest> readerThatHangsAtItsStartIsRestarted() {
        return reader.questions().map(question -> DynamicTest.dynamicTest(question, () -> restartTwice(question)));
    }

    private void restartTwice(String question) throws Exception {
        AtomicLong skippedNanos = new AtomicLong();
        LongSupplier clock = () -> System.nanoTime() + skippedNanos.get();
        try (FreezableProxy proxy = new FreezableProxy(postgres.port())) {
            proxy.leaveUnanswered(question, 2);
            String slot = own("start" + Math.abs(question.hashCode()));
            try (Watched watched = new Watched(reader, slot, proxy.port(), MINUTE, clock, true)) {
                postgres.execute("insert into watched values (1)");
                await().atMost(PATIENCE).until(() -> {
                    boolean hangs = interruptions(watched) < 2 - proxy.toLeave();
                    if (hangs) {
                        skippedNanos.addAndGet(Duration.ofMinutes(2).toNanos());
                    }
                    return watched.listener.changes.size() == 1;
                });
                assertThat(proxy.toLeave()).isZero();
            }
            postgres.execute("delete from watched");
        }
    }

    private static long interruptions(Watched watched) {
        return List.copyOf(watched.listener.states).stream()
                .filter(state -> state instanceof SourceState.Reconnecting)
                .count();
    }

    @Test
    void readerThatHangsAtItsStartCanBeClosed() throws Exception {
        try (FreezableProxy proxy = new FreezableProxy(postgres.port())) {
            proxy.leaveUnanswered("START_REPLICATION", 1);
            try (Watched watched = new Watched(reader, own("close"), proxy.port(), MINUTE)) {
                await().atMost(PATIENCE).until(() -> proxy.toLeave() == 0);
                watched.source.close();
                assertThat(watched.source.state()).isInstanceOf(SourceState.Stopped.class);
            }
        }
    }

    /// The connection ends as when a cable is cut, and the reader detects it.
    @Test
    void slotHeldByAnEndedReaderIsFreed() throws Exception {
        try (FreezableProxy proxy = new FreezableProxy(postgres.port());
                Watched watched = new Watched(reader, own("held"), proxy.port(), MINUTE)) {
            postgres.execute("insert into watched values (1)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 1);
            long records = watched.source.activity().records();
            await().atMost(PATIENCE).until(() -> watched.source.activity().records() > records + 10);
            proxy.freeze();
            watched.source.restart("its reader found out");
            postgres.execute("insert into watched values (2)");
            await().atMost(PATIENCE).until(() -> watched.listener.changes.size() == 2);
            postgres.execute("delete from watched");
        }
    }

    @Test
    void slowListenerIsNoStall() throws Exception {
        try (Watched watched = new Watched(reader, own("slow"), postgres.port(), Duration.ofMillis(500))) {
            await().atMost(PATIENCE).until(() -> watched.source.activity().records() > 0);
            watched.listener.hold();
            postgres.execute("insert into watched values (10)");
            await().atMost(PATIENCE).until(() -> watched.source.activity().delivering());
            await().atMost(PATIENCE).until(() -> watched.guardian.health().lag().compareTo(Duration.ofSeconds(2)) > 0);
            watched.listener.release();
            await().atMost(PATIENCE).until(() -> watched.guardian.health().lag().compareTo(Duration.ofSeconds(1)) < 0);
            assertThat(watched.listener.states).noneMatch(state -> state instanceof SourceState.Reconnecting);
            postgres.execute("delete from watched");
        }
    }

    @Test
    void slotIsSynchronizedToAStandby() throws Exception {
        try (Watched _ = new Watched(reader, own("failover"), postgres.port(), Duration.ofMinutes(1));
                Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select to_jsonb(s) ->> 'failover' from pg_replication_slots s where slot_name = '"
                                + own("failover") + "'")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo(postgres.majorVersion() >= 17 ? "true" : null);
        }
    }

    @Test
    void guardianSurvivesAnError() throws Exception {
        AtomicInteger faults = new AtomicInteger(3);
        try (Watched watched = new Watched(reader, own("error"), postgres.port(), Duration.ofMinutes(1));
                Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, _ -> {});
                SlotGuardian second = new SlotGuardian(
                        PostgresUrl.parse(postgres.url()),
                        own("error"),
                        watched.source,
                        new SlotGuardian.Settings(HEARTBEAT, Duration.ofMinutes(1), 1L << 30),
                        () -> {
                            if (faults.getAndDecrement() == 1) {
                                throw new StackOverflowError("on purpose");
                            }
                            return System.nanoTime();
                        })) {
            second.start(supervisor);
            await().atMost(PATIENCE).until(() -> second.health().walStatus() != null);
            assertThat(supervisor.tasks()).anyMatch(task -> task.restarts() == 1);
        }
    }

    /// After two heartbeats the guardian knows that the reader has received the first.
    private static void awaitHeartbeat(String slot) throws SQLException {
        Lsn now = currentLsn();
        await().atMost(PATIENCE).until(() -> confirmed(slot).isAfter(now));
    }

    /// The runs of both readers share the database.
    private String own(String slot) {
        return slot + "_" + reader.name().toLowerCase(Locale.ROOT);
    }

    /// A source and its guardian, whose own connection never breaks.
    private static final class Watched implements AutoCloseable {
        private final RecordingListener listener = new RecordingListener();
        private final SlotSource source;
        private final Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, _ -> {});
        private final SlotGuardian guardian;

        Watched(Reader reader, String slot, int readerPort, Duration stallAfter) throws Exception {
            this(reader, slot, readerPort, stallAfter, CLOCK, true);
        }

        /// @param watch whether the guardian starts at once
        Watched(Reader reader, String slot, int readerPort, Duration stallAfter, LongSupplier clock, boolean watch)
                throws Exception {
            PostgresUrl url = PostgresUrl.parse("postgres://postgres:unchecked@127.0.0.1:" + readerPort + "/postgres");
            source = reader.source(SourceConfig.of(url, "p", slot));
            source.start(listener);
            guardian = new SlotGuardian(
                    PostgresUrl.parse(postgres.url()),
                    slot,
                    source,
                    new SlotGuardian.Settings(HEARTBEAT, stallAfter, 1L << 30),
                    clock);
            if (watch) {
                watch();
            }
        }

        void watch() {
            guardian.start(supervisor);
        }

        @Override
        public void close() {
            guardian.close();
            supervisor.close();
            source.close();
        }
    }

    private static Lsn currentLsn() throws SQLException {
        return lsn("select pg_current_wal_lsn()::text");
    }

    private static Lsn confirmed(String slot) throws SQLException {
        return lsn("select confirmed_flush_lsn::text from pg_replication_slots where slot_name = '" + slot + "'");
    }

    private static Lsn lsn(String query) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }
}
