package dev.walcast.server.setup;

import static dev.walcast.server.setup.MessagesDatabase.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartitionUpkeepPgTest {
    private static final Duration THREE_DAYS = Duration.ofHours(72);
    private static TestPostgres postgres;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        Migrations.run(MessagesDatabase.prepare(postgres));
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void noPartitions() throws SQLException {
        for (String partition : partitions()) {
            postgres.execute("drop table realtime." + partition);
        }
    }

    @Test
    void partitionsAreCreatedAheadAndDropped() throws Exception {
        assertThat(upkeep("2026-02-27T23:59:59Z").once())
                .containsExactly(
                        "messages_2026_02_26",
                        "messages_2026_02_27",
                        "messages_2026_02_28",
                        "messages_2026_03_01",
                        "messages_2026_03_02");
        assertThat(upkeep("2026-02-27T23:59:59Z").once()).isEmpty();
        assertThat(upkeep("2026-02-28T00:00:00Z").once()).containsExactly("messages_2026_03_03");

        postgres.execute("insert into realtime.messages (topic, extension, inserted_at) values ('t', 'broadcast',"
                + " '2026-02-26 23:59:59.999999')");
        assertThat(upkeep("2026-03-01T23:59:59Z").once()).containsExactly("messages_2026_03_04");
        assertThat(query(postgres, "select count(*) from realtime.messages")).containsExactly("1");
        assertThat(upkeep("2026-03-02T00:00:00Z").once()).containsExactly("messages_2026_03_05", "messages_2026_02_26");
        assertThat(query(postgres, "select count(*) from realtime.messages")).containsExactly("0");
    }

    @Test
    void otherPartitionsAreUntouched() throws Exception {
        postgres.execute(
                "create table realtime.archive partition of realtime.messages for values from ('2000-01-01') to ('2001-01-01')");
        upkeep("2026-03-01T00:00:00Z").once();
        assertThat(partitions()).contains("archive").hasSize(6);
    }

    @Test
    void shortRetentionCreatesNoExpiredPartition() throws Exception {
        assertThat(upkeep("2026-03-01T12:00:00Z", Duration.ofHours(1)).once())
                .doesNotContain("messages_2026_02_28")
                .hasSize(4);
        assertThat(upkeep("2026-03-01T12:00:00Z", Duration.ofHours(1)).once()).isEmpty();
    }

    @Test
    void oneOfTwoServersWorks() throws Exception {
        try (Connection other = MessagesDatabase.dataSource(postgres).getConnection();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("select pg_advisory_xact_lock(" + 0x57616c63617374L + ")");
            assertThat(upkeep("2026-03-01T00:00:00Z").once()).isEmpty();
            assertThat(partitions()).isEmpty();
            other.rollback();
        }
        assertThat(upkeep("2026-03-01T00:00:00Z").once()).hasSize(5);
    }

    @Test
    void lockTimeoutLeavesNothingHalfDone() throws Exception {
        try (Connection other = postgres.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("lock table realtime.messages in access exclusive mode");
            assertThatThrownBy(() -> upkeep("2026-03-01T00:00:00Z").once())
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("lock timeout");
            other.rollback();
        }
        assertThat(partitions()).isEmpty();
    }

    private static PartitionUpkeep upkeep(String now) {
        return upkeep(now, THREE_DAYS);
    }

    private static PartitionUpkeep upkeep(String now, Duration retention) {
        Clock clock = Clock.fixed(Instant.parse(now), ZoneOffset.UTC);
        return new PartitionUpkeep(MessagesDatabase.dataSource(postgres), clock, retention);
    }

    private static List<String> partitions() throws SQLException {
        return query(
                postgres,
                "select relname from pg_inherits join pg_class on oid = inhrelid"
                        + " where inhparent = 'realtime.messages'::regclass order by 1");
    }
}
