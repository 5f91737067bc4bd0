package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/// Breaks the connection between a reader and its Postgres in every way, while rows are written.
@EachReader
class NetworkCutsPgTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Parameter
    private Reader reader;

    @Test
    void networkFaultsLoseAndRepeatNoRow() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start();
                FreezableProxy proxy = new FreezableProxy(postgres.port())) {
            postgres.execute("create table t (id int primary key)", "create publication p for all tables");
            PostgresUrl through =
                    PostgresUrl.parse("postgres://postgres:unchecked@127.0.0.1:" + proxy.port() + "/postgres");
            try (SlotSource source = reader.source(SourceConfig.of(through, "p", "cuts"));
                    Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, _ -> {});
                    SlotGuardian guardian = guardian(postgres, source)) {
                source.start(listener);
                guardian.start(supervisor);
                AtomicBoolean enough = new AtomicBoolean();
                List<Integer> committed = new ArrayList<>();
                Thread writer = Thread.ofVirtual().start(() -> write(postgres, committed, enough));
                for (int round = 0; round < 2; round++) {
                    awaitMore(listener, 100);
                    proxy.cut();
                    awaitMore(listener, 100);
                    proxy.freeze();
                    awaitMore(listener, 100);
                    proxy.refuse(true);
                    proxy.cut();
                    int refused = listener.states.size();
                    await().atMost(PATIENCE).until(() -> listener.states.size() >= refused + 3);
                    proxy.refuse(false);
                }
                awaitMore(listener, 100);
                enough.set(true);
                writer.join();
                await().atMost(PATIENCE).until(() -> ids(listener).size() == committed.size());
                assertThat(ids(listener)).isEqualTo(committed);
                assertThat(listener.starts).hasSize(1);
            }
        }
    }

    private static SlotGuardian guardian(TestPostgres postgres, SlotSource source) {
        return new SlotGuardian(
                PostgresUrl.parse(postgres.url()),
                "cuts",
                source,
                new SlotGuardian.Settings(Duration.ofMillis(100), Duration.ofSeconds(2), 1L << 30),
                System::nanoTime);
    }

    private static void awaitMore(RecordingListener listener, int count) {
        int now = listener.changes.size();
        await().atMost(PATIENCE).until(() -> listener.changes.size() >= now + count);
    }

    private static List<Integer> ids(RecordingListener listener) {
        return List.copyOf(listener.changes).stream()
                .map(change ->
                        Integer.parseInt(((Change.Insert) change).newRow().text(0)))
                .toList();
    }

    /// This connection does not break.
    private static void write(TestPostgres postgres, List<Integer> committed, AtomicBoolean enough) {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            for (int id = 1; !enough.get(); id++) {
                statement.execute("insert into t values (" + id + "); select pg_sleep(0.005)");
                committed.add(id);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
