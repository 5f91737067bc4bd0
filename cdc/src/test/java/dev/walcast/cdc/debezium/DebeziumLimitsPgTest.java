package dev.walcast.cdc.debezium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.source.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What only the other reader can read is said before the start.
class DebeziumLimitsPgTest {
    private static TestPostgres postgres;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @Test
    void aTableNameThatDebeziumCannotFollowIsSaid() {
        postgres.execute("create database odd");
        postgres.executeIn("odd", "create table \"a\"\"b\" (id int)", "create publication p for all tables");
        assertThat(problem(SourceConfig.of(PostgresUrl.parse(postgres.url("odd")), "p", "odd")))
                .hasMessageContaining("has a double quote in its name")
                .hasMessageContaining("READER");
    }

    @Test
    void evenWhenOnlyAFurtherPublicationHasIt() {
        postgres.execute("create database odd_further");
        postgres.executeIn(
                "odd_further",
                "create table a (id int)",
                "create table \"a\"\"b\" (id int)",
                "create publication p for table a",
                "create publication q for table \"a\"\"b\"");
        SourceConfig one = SourceConfig.of(PostgresUrl.parse(postgres.url("odd_further")), "p", "odd_further");
        SourceConfig two = new SourceConfig(
                one.url(),
                List.of("p", "q"),
                one.slotName(),
                one.pollInterval(),
                one.transactionMemoryBytes(),
                one.slotWait());
        assertThat(problem(two))
                .hasMessageContaining("has a double quote in its name")
                .hasMessageContaining("publication \"q\"");
    }

    private static SourceException problem(SourceConfig config) {
        try (DebeziumChangeSource source = new DebeziumChangeSource(config)) {
            return catchThrowableOfType(SourceException.class, () -> source.start(new RecordingListener()));
        }
    }
}
