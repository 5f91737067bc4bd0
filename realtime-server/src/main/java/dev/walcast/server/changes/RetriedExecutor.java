package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs each task on a thread of its own. What there is no thread for waits until [#startAgain()]; so a shortage of
/// threads delays a task, but does not lose it. Safe for any thread.
final class RetriedExecutor implements Executor, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RetriedExecutor.class);

    private final ExecutorService threads;
    private final Queue<Runnable> unstarted = new ConcurrentLinkedQueue<>();

    RetriedExecutor(ThreadFactory factory) {
        this.threads = Executors.newThreadPerTaskExecutor(requireNonNull(factory, "factory is null"));
    }

    /// Does not throw. After [#close()] nothing runs.
    @Override
    public void execute(Runnable task) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            log.debug("The server stops before a task has begun", e);
        } catch (RuntimeException | Error e) {
            unstarted.add(task);
            FatalErrors.check(e);
            log.error("No thread for a task; it is tried again", e);
        }
    }

    /// Starts what there was no thread for; to be called several times a second.
    void startAgain() {
        for (int left = unstarted.size(); left > 0; left--) {
            Runnable task = unstarted.poll();
            if (task != null) {
                execute(task);
            }
        }
    }

    /// Interrupts what runs.
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
