package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Several publications through one slot.
@EachReader
class PublicationsPgTest extends SharedPostgresTest {
    @Parameter
    private Reader reader;

    private static final Duration SOON = Duration.ofSeconds(30);

    private final RecordingListener listener = new RecordingListener();

    @BeforeEach
    void tables() {
        postgres.execute(
                "create table own (id int primary key)",
                "create table parts (id int primary key) partition by range (id)",
                "create table parts_1 partition of parts for values from (0) to (100)",
                "create table unpublished (id int primary key)",
                "create publication \"Own one\" for table own");
    }

    @AfterEach
    void dropAll() {
        postgres.execute(
                "drop publication if exists \"Own one\", further",
                "drop table own, parts, unpublished",
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    @Test
    void publicationsAreReadInCommitOrder() throws Exception {
        postgres.execute("create publication further for table parts, own");
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            postgres.execute(
                    "insert into own values (1)",
                    "insert into parts values (2)",
                    "insert into unpublished values (3)",
                    "insert into own values (4)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes)
                            .extracting(change -> change.table().toString())
                            .containsExactly("public.own", "public.parts_1", "public.own"));
            assertThat(listener.changes.get(1).table().root()).isEqualTo(new TableId("public", "parts"));
            assertThat(listener.changes.get(0).table().root()).isEqualTo(new TableId("public", "own"));
            assertThat(source.publications()).containsExactly("Own one", "further");
        }
    }

    @Test
    void missingSecondPublicationIsSkipped() throws Exception {
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            postgres.execute("insert into parts values (2)", "insert into own values (1)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes).hasSize(1));
            assertThat(source.publications()).containsExactly("Own one");
        }
    }

    @Test
    void slotKeepsUnreadChanges() throws Exception {
        postgres.execute("create publication further for table parts");
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            postgres.execute("insert into parts values (1)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes).hasSize(1));
        }
        postgres.execute("insert into parts values (2)");
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes)
                            .extracting(
                                    change -> ((Change.Insert) change).newRow().text(0))
                            .contains("1", "2"));
        }
    }

    @Test
    void newPublicationIsReadAfterTheOldLog() throws Exception {
        postgres.execute("select pg_create_logical_replication_slot('two', 'pgoutput')");
        postgres.execute(
                "insert into own values (1)",
                "insert into parts values (1)",
                "create publication further for table parts",
                "insert into parts values (2)");
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes).isNotEmpty());
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(source.publications()).containsExactly("Own one", "further"));
            postgres.execute("insert into parts values (3)", "insert into own values (4)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes)
                            .extracting(change -> change.table() + " "
                                    + ((Change.Insert) change).newRow().text(0))
                            .contains("public.parts_1 3")
                            .startsWith("public.own 1")
                            .endsWith("public.own 4")
                            .doesNotHaveDuplicates());
        }
    }

    @Test
    void droppedSecondPublicationStopsNothing() throws Exception {
        postgres.execute("create publication further for table parts");
        try (SlotSource source = reader.source(config())) {
            source.start(listener);
            postgres.execute("insert into parts values (1)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes).hasSize(1));
            postgres.execute("drop publication further", "insert into own values (2)");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(listener.changes).hasSize(2));
        }
    }

    private static SourceConfig config() {
        SourceConfig usual = SourceConfig.of(PostgresUrl.parse(postgres.url()), "Own one", "two");
        return new SourceConfig(
                usual.url(),
                List.of("Own one", "further"),
                usual.slotName(),
                usual.pollInterval(),
                usual.transactionMemoryBytes(),
                usual.slotWait());
    }
}
