package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Slots whose log Postgres has removed, because they retained more of it than `max_slot_wal_keep_size`.
@EachReader
class LostSlotPgTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Parameter
    private Reader reader;

    private static TestPostgres postgres;

    private String slot = "";

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start(
                Map.of("max_slot_wal_keep_size", "1MB", "min_wal_size", "32MB", "max_wal_size", "64MB"));
        postgres.execute("create table t (id int)", "create table noise (b text)", "create publication p for table t");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void nameSlot() {
        slot = "lost_" + reader.name().toLowerCase(Locale.ROOT)
                + UUID.randomUUID().toString().substring(0, 6);
    }

    @AfterEach
    void dropSlots() {
        postgres.dropSlots();
    }

    @Test
    void lostSlotIsRecreatedDuringTheFeed() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (SlotSource source = source()) {
            source.start(listener);
            insert(1);
            await().atMost(PATIENCE).until(() -> listener.changes.size() == 1);
            source.remember(source.activity().reached());
            listener.hold();
            insert(2);
            await().atMost(PATIENCE).until(() -> source.activity().delivering());
            loseLog();
            await().atMost(PATIENCE).until(() -> "lost".equals(walStatus(slot)));
            listener.release();
            await().atMost(PATIENCE).until(() -> listener.starts.size() == 2);
            insert(3);
            await().atMost(PATIENCE).until(() -> ids(listener).contains("3"));
            assertThat(listener.starts.get(1).epoch())
                    .isNotEqualTo(listener.starts.getFirst().epoch());
            assertThat(listener.starts.get(1).continued()).isFalse();
            assertThat(walStatus(slot)).isNotEqualTo("lost");
            assertThat(marks()).hasSize(1).doesNotContain("lost");
        }
    }

    @Test
    void slotLostWithoutAServerBeginsAnEpoch() throws Exception {
        String before = run();
        loseLog();
        await().atMost(PATIENCE).until(() -> "lost".equals(walStatus(slot)));
        String after = run();
        assertThat(after).isNotEqualTo(before);
        assertThat(run()).as("a restart after that").isEqualTo(after);
    }

    @Test
    void slotThatTimedOutBeginsAnEpoch() throws Exception {
        assumeThat(postgres.majorVersion())
                .as("Postgres has idle_replication_slot_timeout since version 18")
                .isGreaterThanOrEqualTo(18);
        String before = run();
        postgres.execute("alter system set idle_replication_slot_timeout = '1s'", "select pg_reload_conf()");
        try {
            await().atMost(PATIENCE).until(() -> {
                postgres.execute("checkpoint");
                return "lost".equals(walStatus(slot));
            });
        } finally {
            postgres.execute("alter system reset idle_replication_slot_timeout", "select pg_reload_conf()");
        }
        assertThat(run()).isNotEqualTo(before);
        assertThat(marks()).hasSize(1).doesNotContain("lost");
    }

    @Test
    void missingMarkIsRecreatedForTheSameFeed() throws Exception {
        RecordingListener listener = new RecordingListener();
        String epoch;
        try (SlotSource source = source()) {
            source.start(listener);
            insert(1);
            await().atMost(PATIENCE).until(() -> listener.changes.size() == 1);
            epoch = listener.starts.getFirst().epoch();
            postgres.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                    + " where slot_type = 'physical' and slot_name like '" + slot + "%'");
            AtomicInteger inserted = new AtomicInteger(1);
            await().atMost(PATIENCE).until(() -> {
                insert(1 + inserted.incrementAndGet());
                source.remember(source.activity().reached());
                return marks().size() == 1;
            });
            // What comes later would be acknowledged, at the end, beyond the mark.
            await().atMost(PATIENCE).until(() -> listener.changes.size() == inserted.get());
            // This listener acknowledges at once; a server does so only when the mark has moved.
            await().atMost(PATIENCE).until(() -> {
                source.remember(source.activity().reached());
                return markIsWithSlot();
            });
        }
        assertThat(run()).isEqualTo(epoch);
    }

    @Test
    void logEndComesWithTheSlotsLimit() throws Exception {
        try (SlotSource source = source()) {
            source.start(new RecordingListener());
            assertThat(source.remember(Lsn.ZERO).slotBytesMax()).isEqualTo(1 << 20);
        }
    }

    @Test
    void lostSlotOfAnotherPluginIsKept() throws Exception {
        postgres.execute("select pg_create_logical_replication_slot('" + slot + "', 'test_decoding')");
        loseLog();
        await().atMost(PATIENCE).until(() -> "lost".equals(walStatus(slot)));
        try (SlotSource source = source()) {
            assertThat(catchThrowableOfType(SourceException.class, () -> source.start(new RecordingListener())))
                    .hasMessageContaining("belongs to something else");
        }
        assertThat(walStatus(slot)).isEqualTo("lost");
    }

    /// Runs a source through one transaction.
    ///
    /// @return the epoch
    private String run() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (SlotSource source = source()) {
            source.start(listener);
            insert(7);
            await().atMost(PATIENCE).until(() -> !listener.changes.isEmpty());
            source.remember(source.activity().reached());
        }
        return listener.starts.getFirst().epoch();
    }

    private SlotSource source() {
        return reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", slot));
    }

    private static List<String> ids(RecordingListener listener) {
        return List.copyOf(listener.changes).stream()
                .map(change -> String.valueOf(((Change.Insert) change).newRow().text(0)))
                .toList();
    }

    private static void insert(int id) {
        postgres.execute("insert into t values (" + id + ")");
    }

    /// Writes more log than slots may retain, and makes Postgres remove the oldest.
    private static void loseLog() {
        for (int i = 0; i < 4; i++) {
            postgres.execute(
                    "insert into noise select repeat('x', 1000) from generate_series(1, 15000)",
                    "select pg_switch_wal()",
                    "checkpoint");
        }
    }

    private boolean markIsWithSlot() throws SQLException {
        return column(
                        "select 1::text from pg_replication_slots mark, pg_replication_slots slot where slot.slot_name = '"
                                + slot + "' and mark.slot_type = 'physical' and mark.slot_name like '" + slot
                                + "%' and mark.restart_lsn >= slot.confirmed_flush_lsn")
                .contains("1");
    }

    private static @Nullable String walStatus(String slotName) throws SQLException {
        List<String> found = column("select wal_status from pg_replication_slots where slot_name = '" + slotName + "'");
        return found.isEmpty() ? null : found.getFirst();
    }

    private List<String> marks() throws SQLException {
        return column("select wal_status from pg_replication_slots where slot_name like '" + slot
                + "\\_%' and slot_type = 'physical'");
    }

    private static List<String> column(String query) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<String> values = new ArrayList<>();
            while (rows.next()) {
                values.add(String.valueOf(rows.getString(1)));
            }
            return values;
        }
    }
}
