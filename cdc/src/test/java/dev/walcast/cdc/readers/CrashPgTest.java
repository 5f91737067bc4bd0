package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

@EachReader
class CrashPgTest {
    @Parameter
    private Reader reader;

    @Test
    void killedPostgresLosesAndRepeatsNoRow() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start(Map.of("fsync", "on", "synchronous_commit", "on"))) {
            postgres.execute("create table t (id int primary key)", "create publication p for all tables");
            SourceConfig config = SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", "crash");
            try (SlotSource source = reader.source(config)) {
                source.start(listener);
                AtomicBoolean enough = new AtomicBoolean();
                List<Integer> committed = new ArrayList<>();
                Thread writer = Thread.ofVirtual().start(() -> write(postgres, committed, enough));
                await().until(() -> listener.changes.size() > 200);
                postgres.killHard();
                postgres.restart();
                int afterCrash = listener.changes.size();
                await().atMost(Duration.ofSeconds(60)).until(() -> listener.changes.size() > afterCrash + 200);
                enough.set(true);
                writer.join();
                await().atMost(Duration.ofSeconds(30)).until(() -> ids(listener).containsAll(committed));
            }
        }
        assertThat(ids(listener)).isSorted().doesNotHaveDuplicates();
        assertThat(listener.states).anyMatch(state -> state instanceof SourceState.Reconnecting);
    }

    private static List<Integer> ids(RecordingListener listener) {
        return List.copyOf(listener.changes).stream()
                .map(change ->
                        Integer.parseInt(((Change.Insert) change).newRow().text(0)))
                .toList();
    }

    /// Inserts one row in each transaction, through the crash, and records those whose commit was confirmed.
    private static void write(TestPostgres postgres, List<Integer> committed, AtomicBoolean enough) {
        int id = 0;
        while (!enough.get()) {
            try (Connection connection = postgres.connect();
                    Statement statement = connection.createStatement()) {
                while (!enough.get()) {
                    id++;
                    statement.execute("insert into t values (" + id + ")");
                    committed.add(id);
                }
            } catch (SQLException _) {
                // The connection broke in the crash; whether the last row was committed is not known.
            }
        }
    }
}
