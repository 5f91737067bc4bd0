package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import dev.walcast.cdc.testing.TestPooler;
import dev.walcast.cdc.testing.TestPostgres;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Every problem that is found before the reader starts is reported in one sentence with the remedy.
@EachReader
class PreflightPgTest extends SharedPostgresTest {
    @Parameter
    private Reader reader;

    @BeforeAll
    static void prepareDatabase() {
        postgres.execute("create publication p for all tables", "create role plain login");
    }

    @Test
    void missingPublicationNamesTheStatement() {
        SourceException problem = problem(config(postgres.url(), "nosuch", "a"));
        assertThat(problem)
                .hasMessageContaining("no publication \"nosuch\"")
                .hasMessageContaining("CREATE PUBLICATION \"nosuch\"");
        assertThat(problem.temporary()).isFalse();
    }

    @Test
    void missingReplicationRightNamesTheStatement() {
        String url = postgres.url("postgres", "plain", "x", "postgres");
        assertThat(problem(config(url, "p", "a"))).hasMessageContaining("ALTER ROLE \"plain\" REPLICATION");
    }

    @Test
    void startReportsUnknownDatabase() {
        SourceException problem = problem(config(postgres.url("nosuchdb"), "p", "a"));
        assertThat(problem).hasMessageContaining("no database \"nosuchdb\"");
        assertThat(problem.temporary()).isFalse();
    }

    @Test
    void portWithoutPostgresIsTemporary() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        SourceException problem = problem(config("postgres://u:secret@127.0.0.1:" + free + "/d", "p", "a"));
        assertThat(problem).hasMessageContaining("Nothing answers").hasMessageNotContaining("secret");
        assertThat(problem.temporary()).isTrue();
    }

    @Test
    void startReportsUnknownHost() {
        assertThat(problem(config("postgres://u:secret@no_such_host.invalid/d", "p", "a")))
                .hasMessageContaining("no host named \"no_such_host.invalid\"");
    }

    @Test
    void wrongPasswordIsNotRepeated() throws Exception {
        try (TestPostgres locked = TestPostgres.start(Map.of("hba_file", hbaFile()))) {
            SourceException problem =
                    problem(config(locked.url("postgres", "guest", "wrongsecret", "postgres"), "p", "a"));
            assertThat(problem).hasMessageContaining("refuses user \"guest\"").hasMessageNotContaining("wrongsecret");
            assertThat(problem.temporary()).isFalse();
            assertThat(problem(config("postgres://guest@127.0.0.1:" + locked.port() + "/postgres", "p", "a")))
                    .hasMessageContaining("requires a password for user \"guest\"");
            assertThat(problem(config(locked.url("postgres", "tls", "wrongsecret", "postgres"), "p", "a")))
                    .hasMessageContaining("refuses user \"tls\"")
                    .hasMessageContaining("pg_hba.conf")
                    .hasMessageNotContaining("wrongsecret");
        }
    }

    private static String hbaFile() throws Exception {
        java.nio.file.Path file = java.nio.file.Files.createTempFile("walcast", ".hba");
        java.nio.file.Files.writeString(
                file,
                "host all postgres 127.0.0.1/32 trust\nhostssl all tls 127.0.0.1/32 trust\nhost all tls 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 scram-sha-256\n");
        return file.toString();
    }

    @Test
    void startReportsTooLowWalLevel() throws Exception {
        try (TestPostgres low = TestPostgres.start(Map.of("wal_level", "replica"))) {
            assertThat(problem(config(low.url(), "p", "a")))
                    .hasMessageContaining("wal_level=replica")
                    .hasMessageContaining("ALTER SYSTEM SET wal_level = 'logical'");
        }
    }

    @Test
    void poolerIsRefusedWithoutASlot() throws Exception {
        try (TestPooler pooler = TestPooler.start(postgres, false)) {
            SourceException problem = problem(config(pooler.url(), "p", "pooled_" + own()));
            assertThat(problem)
                    .hasMessageContaining("A connection pooler answers")
                    .hasMessageContaining("host and port of Postgres itself");
            assertThat(problem.temporary()).isFalse();
            assertThat(slots("pooled_" + own())).isZero();
        }
    }

    @Test
    void sessionPoolerWorks() throws Exception {
        try (TestPooler pooler = TestPooler.start(postgres, true)) {
            assertThat(problem(config(pooler.url(), "p", "session_" + own()))).isNull();
        }
    }

    @Test
    void startReportsLackOfWalSenders() throws Exception {
        try (TestPostgres full = TestPostgres.start(Map.of("max_wal_senders", "0"))) {
            full.execute("create publication p for all tables");
            SourceException problem = problem(config(full.url(), "p", "a"));
            assertThat(problem).hasMessageContaining("raise max_wal_senders");
            assertThat(problem.temporary()).isTrue();
        }
    }

    @Test
    void startReportsServerWithoutTls() {
        SourceException problem = problem(config(postgres.url() + "?sslmode=require", "p", "a"));
        assertThat(problem).hasMessageContaining("does not offer TLS").hasMessageContaining("sslmode=prefer");
        assertThat(problem.temporary()).isFalse();
    }

    private static long slots(String name) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select count(*) from pg_replication_slots where slot_name like '" + name + "%'")) {
            row.next();
            return row.getLong(1);
        }
    }

    @Test
    void startWaitsForASlotInUse() throws Exception {
        try (SlotSource holder = reader.source(config(postgres.url(), "p", "held_" + own()))) {
            RecordingListener listener = new RecordingListener();
            postgres.execute("create table held_" + own() + " (id int)");
            holder.start(listener);
            postgres.execute("insert into held_" + own() + " values (1)");
            org.awaitility.Awaitility.await().until(() -> !listener.changes.isEmpty());

            SourceException problem = problem(config(postgres.url(), "p", "held_" + own()));
            assertThat(problem)
                    .hasMessageContaining("\"held_" + own() + "\" is in use by another process")
                    .hasMessageContaining("SLOT_NAME");
        }
    }

    @Test
    void slotOfAnotherPluginIsKept() {
        String slot = "foreign_" + own();
        postgres.execute("select pg_create_logical_replication_slot('" + slot + "', 'test_decoding')");
        assertThat(problem(config(postgres.url(), "p", slot))).hasMessageContaining("belongs to something else");
    }

    @Test
    void startReportsExhaustedSlots() throws Exception {
        try (TestPostgres full = TestPostgres.start(Map.of("max_replication_slots", "1"))) {
            full.execute(
                    "create publication p for all tables",
                    "select pg_create_logical_replication_slot('other', 'pgoutput')");
            assertThat(problem(config(full.url(), "p", "a"))).hasMessageContaining("max_replication_slots");
        }
    }

    /// The runs of both readers share the database.
    private String own() {
        return reader.name().toLowerCase(Locale.ROOT);
    }

    private SourceException problem(SourceConfig config) {
        try (SlotSource source = reader.source(config)) {
            return catchThrowableOfType(SourceException.class, () -> source.start(new RecordingListener()));
        }
    }

    private static SourceConfig config(String url, String publication, String slot) {
        return new SourceConfig(
                PostgresUrl.parse(url),
                List.of(publication),
                slot,
                Duration.ofMillis(5),
                1 << 20,
                Duration.ofSeconds(1));
    }
}
