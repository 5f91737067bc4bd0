package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// A primary and its standby, both or one of them in the URL.
@EachReader
class HostsPgTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Parameter
    private Reader reader;

    @Test
    void standbyIsRefusedAndThePrimaryIsFound() throws Exception {
        try (TestPostgres primary = TestPostgres.start()) {
            primary.execute("create table t (id int primary key)", "create publication p for all tables");
            try (TestPostgres standby = primary.standby()) {
                standbyAloneIsRefused(standby);
                String dead = "127.0.0.1:" + freePort();
                String standbyHost = "127.0.0.1:" + standby.port();
                RecordingListener listener = new RecordingListener();
                try (SlotSource source = source(dead + "," + standbyHost + ",127.0.0.1:" + primary.port(), "hosts")) {
                    source.start(listener);
                    primary.execute("insert into t values (1)");
                    await().atMost(PATIENCE).until(() -> ids(listener).equals("1"));
                    assertThat(slots(standby)).isZero();

                    primary.stop();
                    standby.execute("select pg_promote()");
                    await().atMost(PATIENCE).until(() -> listener.starts.size() == 2);
                    standby.execute("insert into t values (2)");
                    await().atMost(PATIENCE).until(() -> ids(listener).equals("12"));
                }
            }
        }
    }

    private void standbyAloneIsRefused(TestPostgres standby) throws Exception {
        String host = "127.0.0.1:" + standby.port();
        for (String url : new String[] {host, host + ",127.0.0.1:" + freePort()}) {
            SourceException problem;
            try (SlotSource source = source(url, "alone")) {
                problem = catchThrowableOfType(SourceException.class, () -> source.start(new RecordingListener()));
            }
            assertThat(problem.getMessage()).contains(url, "primary").hasLineCount(1);
            assertThat(problem.temporary()).isTrue();
            assertThat(slots(standby)).isZero();
        }
    }

    private SlotSource source(String hosts, String slot) {
        return reader.source(SourceConfig.of(
                PostgresUrl.parse("postgres://postgres:x@" + hosts + "/postgres?connect_timeout=5"), "p", slot));
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String ids(RecordingListener listener) {
        StringBuilder ids = new StringBuilder();
        java.util.List.copyOf(listener.changes)
                .forEach(change -> ids.append(((Change.Insert) change).newRow().text(0)));
        return ids.toString();
    }

    private static int slots(TestPostgres postgres) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from pg_replication_slots")) {
            row.next();
            return row.getInt(1);
        }
    }
}
