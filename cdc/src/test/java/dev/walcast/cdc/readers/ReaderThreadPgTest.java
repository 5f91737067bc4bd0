package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.supervisor.TaskStatus;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;

@EachReader
@Timeout(120)
class ReaderThreadPgTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Parameter
    private Reader reader;

    /// Fails once as a JVM without free threads, and once as a JVM with too small a stack.
    private static final class Failing implements ChangeListener {
        private final RecordingListener recording = new RecordingListener();
        private final AtomicInteger transactionErrors = new AtomicInteger(1);
        private final AtomicInteger stateErrors = new AtomicInteger(1);

        @Override
        public void onStart(FeedStart start) {
            recording.onStart(start);
        }

        @Override
        public void onTransaction(Transaction transaction) {
            if (transactionErrors.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            recording.onTransaction(transaction);
        }

        @Override
        public void onState(SourceState state) {
            if (state instanceof SourceState.Reconnecting && stateErrors.getAndDecrement() > 0) {
                throw new StackOverflowError("for the test");
            }
            recording.onState(state);
        }
    }

    @Test
    void errorInTheReadersThreadLosesNothing() throws Exception {
        Failing listener = new Failing();
        try (TestPostgres postgres = TestPostgres.start();
                Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit)) {
            postgres.execute("create table t (id int primary key)", "create publication p for all tables");
            SourceConfig config = SourceConfig.of(PostgresUrl.parse(postgres.url()), "p", "errors");
            try (SlotSource source = reader.source(config)) {
                source.start(listener, supervisor);
                postgres.execute("insert into t values (1)", "insert into t values (2)");
                await().atMost(PATIENCE).until(() -> listener.recording.changes.size() == 2);
                TaskStatus task = supervisor.tasks().getFirst();
                assertThat(task.name()).isEqualTo("walcast-source");
                assertThat(task.restarts()).isOne();
                source.expectEnd();
                supervisor.close();
                assertThat(source.state()).isInstanceOf(SourceState.Streaming.class);
            }
            assertThat(listener.recording.states.getLast()).isInstanceOf(SourceState.Stopped.class);
        }
    }
}
