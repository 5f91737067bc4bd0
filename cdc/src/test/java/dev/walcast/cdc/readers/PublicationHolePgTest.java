package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Rows are written while the publication does not exist. Before Postgres 18 reading fails at such rows; since
/// then they are silently skipped.
@EachReader
class PublicationHolePgTest extends SharedPostgresTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int SKIPS_MISSING_PUBLICATIONS = 18;

    @Parameter
    private Reader reader;

    private final RecordingListener listener = new RecordingListener();
    private final AtomicInteger nextId = new AtomicInteger(1000);

    @BeforeEach
    void tables() {
        postgres.execute(
                "create table own (id int primary key)",
                "create table other (id int primary key)",
                "create publication \"Own one\" for table own");
    }

    @AfterEach
    void dropAll() {
        postgres.execute(
                "drop publication if exists \"Own one\", further",
                "drop table own, other",
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    @Test
    void recreatedPublicationBeginsAnEpoch() throws Exception {
        try (SlotSource source = started()) {
            postgres.execute("drop publication \"Own one\"", "insert into own values (2)", createOwn());
            awaitWhatComesAfter(source);
            assertThat(ids()).contains("1").doesNotContain("2").doesNotHaveDuplicates();
            assertThat(listener.starts).hasSize(failsAtHoles() ? 2 : 1);
            if (failsAtHoles()) {
                assertThat(listener.starts.get(1).epoch())
                        .isNotEqualTo(listener.starts.get(0).epoch());
                assertThat(listener.starts.get(1).continued()).isFalse();
            }
        }
    }

    @Test
    void missingPublicationIsAwaited() throws Exception {
        assumeTrue(failsAtHoles(), "Postgres 18 and later skip the rows of a missing publication");
        try (SlotSource source = started()) {
            postgres.execute("drop publication \"Own one\"", "insert into own values (2)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(source.state())
                            .isInstanceOfSatisfying(
                                    SourceState.Reconnecting.class,
                                    waiting -> assertThat(waiting.reason())
                                            .startsWith("There is no publication \"Own one\"")
                                            .contains("CREATE PUBLICATION \"Own one\"")));
            postgres.execute(createOwn());
            awaitWhatComesAfter(source);
            assertThat(listener.starts).hasSize(2);
        }
    }

    @Test
    void furtherPublicationLosesNothing() throws Exception {
        assumeTrue(failsAtHoles(), "Postgres 18 and later skip the rows of a missing publication");
        postgres.execute("create publication further for table other");
        try (SlotSource source = started()) {
            postgres.execute("insert into other values (10)");
            await().atMost(SOON).until(() -> ids().contains("10"));
            postgres.execute(
                    "drop publication \"Own one\"",
                    "insert into other values (11)",
                    "insert into own values (2)",
                    "insert into other values (12)",
                    createOwn(),
                    "insert into other values (13)");
            awaitWhatComesAfter(source);
            await().atMost(SOON).until(() -> source.publications().equals(List.of("Own one", "further")));
            assertThat(ids())
                    .containsSubsequence("10", "11", "12", "13")
                    .doesNotContain("2")
                    .doesNotHaveDuplicates();
            assertThat(listener.starts).hasSize(2);
        }
    }

    @Test
    void transactionOpenAcrossTheHoleIsNotLost() throws Exception {
        assumeTrue(failsAtHoles(), "Postgres 18 and later skip the rows of a missing publication");
        try (SlotSource source = started();
                Connection late = postgres.connect();
                Statement statement = late.createStatement()) {
            postgres.execute("drop publication \"Own one\"", "insert into own values (2)");
            late.setAutoCommit(false);
            statement.execute("insert into own values (3)");
            postgres.execute(createOwn());
            awaitWhatComesAfter(source);
            assertThat(listener.starts).hasSize(2);
            late.commit();
            await().atMost(SOON).until(() -> ids().contains("3") || listener.starts.size() == 3);
            assertThat(ids()).doesNotContain("2");
        }
    }

    @Test
    void restartWithinTheHoleBeginsAnEpoch() throws Exception {
        assumeTrue(failsAtHoles(), "Postgres 18 and later skip the rows of a missing publication");
        try (SlotSource source = started()) {
            assertThat(source.state()).isInstanceOf(SourceState.Streaming.class);
        }
        postgres.execute("drop publication \"Own one\"", "insert into own values (2)", createOwn());
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            awaitWhatComesAfter(source);
            assertThat(listener.starts.getLast().continued()).isFalse();
        }
    }

    private static String createOwn() {
        return "create publication \"Own one\" for table own";
    }

    private static boolean failsAtHoles() {
        return postgres.majorVersion() < SKIPS_MISSING_PUBLICATIONS;
    }

    private SlotSource started() throws Exception {
        SlotSource source = reader.source(config());
        source.start(listener);
        postgres.execute("insert into own values (1)");
        await().atMost(SOON).until(() -> ids().contains("1"));
        return source;
    }

    /// Writes rows until one arrives. Rows that are committed before the slot is advanced past the hole are
    /// lost.
    private void awaitWhatComesAfter(SlotSource source) {
        int from = nextId.get();
        await().atMost(SOON).pollInterval(Duration.ofMillis(200)).until(() -> {
            postgres.execute("insert into own values (" + nextId.getAndIncrement() + ")");
            return ids().stream().anyMatch(id -> Integer.parseInt(id) >= from)
                    && source.state() instanceof SourceState.Streaming;
        });
    }

    private List<String> ids() {
        return List.copyOf(listener.changes).stream()
                .map(change -> ((Change.Insert) change).newRow().text(0))
                .toList();
    }

    private static SourceConfig config() {
        SourceConfig usual = SourceConfig.of(PostgresUrl.parse(postgres.url()), "Own one", "holes");
        return new SourceConfig(
                usual.url(),
                List.of("Own one", "further"),
                usual.slotName(),
                usual.pollInterval(),
                usual.transactionMemoryBytes(),
                usual.slotWait());
    }
}
