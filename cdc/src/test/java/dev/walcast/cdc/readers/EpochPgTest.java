package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// When positions of an earlier feed stay valid.
@EachReader
class EpochPgTest extends SharedPostgresTest {
    @Parameter
    private Reader reader;

    private static final String SLOT = "epochs";

    @BeforeAll
    static void prepareDatabase() {
        postgres.execute("create table t (id int)", "create publication p for all tables");
    }

    @AfterEach
    void dropSlots() {
        dropSlots("true");
    }

    private static void dropSlots(String which) {
        await().until(() -> {
            try {
                postgres.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots where " + which);
                return true;
            } catch (IllegalStateException _) {
                return false;
            }
        });
    }

    /// Runs a source through one transaction.
    private FeedStart run(boolean remembering) throws Exception {
        RecordingListener listener = new RecordingListener();
        try (SlotSource source = source()) {
            source.start(listener);
            postgres.execute("insert into t values (1)");
            await().atMost(Duration.ofSeconds(20)).until(() -> !listener.changes.isEmpty());
            if (remembering) {
                assertThat(source.remember(source.activity().reached()).end())
                        .isGreaterThanOrEqualTo(source.activity().reached());
                assertThat(source.remember(Lsn.ZERO).end())
                        .isGreaterThanOrEqualTo(source.activity().reached());
            }
        }
        return listener.starts.getFirst();
    }

    private SlotSource source() {
        return reader.source(SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", SLOT));
    }

    @Test
    void restartKeepsTheEpochAndTheDeliveredPosition() throws Exception {
        FeedStart first = run(true);
        FeedStart second = run(true);
        assertThat(second.epoch()).isEqualTo(first.epoch());
        assertThat(second.delivered()).isGreaterThan(first.reach());
        assertThat(second.delivered()).isGreaterThanOrEqualTo(second.from());
        assertThat(second.reach()).isGreaterThan(second.delivered());
    }

    @Test
    void recreatedSlotBeginsAnEpoch() throws Exception {
        FeedStart first = run(true);
        dropSlots("slot_type = 'logical'");
        FeedStart second = run(true);
        assertThat(second.epoch()).isNotEqualTo(first.epoch());
        assertThat(second.delivered()).isEqualTo(second.from());
    }

    @Test
    void slotRecreatedByAnotherSessionBeginsAnEpoch() throws Exception {
        FeedStart first = run(true);
        dropSlots("slot_type = 'logical'");
        postgres.execute(
                "insert into t values (2)", "select pg_create_logical_replication_slot('" + SLOT + "', 'pgoutput')");
        assertThat(run(true).epoch()).isNotEqualTo(first.epoch());
    }

    @Test
    void droppedMarkBeginsAnEpoch() throws Exception {
        FeedStart first = run(true);
        dropSlots("slot_type = 'physical'");
        assertThat(run(true).epoch()).isNotEqualTo(first.epoch());
    }

    @Test
    void slotDroppedDuringTheFeedBeginsAnEpoch() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (SlotSource source = source()) {
            source.start(listener);
            postgres.execute("insert into t values (1)");
            await().atMost(Duration.ofSeconds(20)).until(() -> listener.changes.size() == 1);
            postgres.execute("select pg_terminate_backend(active_pid) from pg_replication_slots where active");
            dropSlots("slot_name = '" + SLOT + "'");
            await().atMost(Duration.ofSeconds(30)).until(() -> listener.starts.size() == 2);
            postgres.execute("insert into t values (2)");
            await().atMost(Duration.ofSeconds(20)).until(() -> listener.changes.size() == 2);
            assertThat(listener.starts.get(1).epoch())
                    .isNotEqualTo(listener.starts.getFirst().epoch());
        }
    }

    /// Debezium would create a missing slot itself, at a later position.
    @Test
    void slotDroppedBeforeItIsReadBeginsAnEpoch() throws Exception {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        try (SlotSource source = source()) {
            source.start(new ChangeListener() {
                @Override
                public void onStart(FeedStart start) {
                    heard.add(start.epoch());
                    if (heard.size() == 1) {
                        dropSlots("slot_name = '" + SLOT + "'");
                        postgres.execute("insert into t values (1)");
                    }
                }

                @Override
                public void onTransaction(Transaction transaction) {
                    transaction.forEach(_ -> heard.add("change"));
                }

                @Override
                public void onState(SourceState state) {}
            });
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                postgres.execute("insert into t values (2)");
                return heard.contains("change");
            });
            assertThat(heard.indexOf("change")).as("told of two epochs first").isEqualTo(2);
            assertThat(heard.getFirst()).isNotEqualTo(heard.get(1));
        }
    }

    @Test
    void lostConnectionKeepsTheEpoch() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (SlotSource source = source()) {
            source.start(listener);
            postgres.execute("insert into t values (1)");
            await().atMost(Duration.ofSeconds(20)).until(() -> listener.changes.size() == 1);
            postgres.execute("select pg_terminate_backend(active_pid) from pg_replication_slots where active");
            postgres.execute("insert into t values (2)");
            await().atMost(Duration.ofSeconds(30)).until(() -> listener.changes.size() == 2);
            assertThat(listener.starts).hasSize(1);
        }
    }
}
