package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs each task on a thread of its own. What there is no thread for waits until [#startAgain()]; so a shortage of
/// threads delays a task, but does not lose it. Safe for any thread.
public final class RetriedExecutor implements Executor, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RetriedExecutor.class);

    private final ExecutorService threads;
    private final Runnable whenShort;
    private final Queue<Runnable> unstarted = new ConcurrentLinkedQueue<>();

    /// For an owner that calls [#startAgain()] several times a second.
    public RetriedExecutor(ThreadFactory factory) {
        this(factory, () -> {});
    }

    /// @param whenShort called whenever there was no thread for a task; sees to it that [#startAgain()] is called soon,
    ///                  by another thread; does not throw
    public RetriedExecutor(ThreadFactory factory, Runnable whenShort) {
        this.threads = Executors.newThreadPerTaskExecutor(requireNonNull(factory, "factory is null"));
        this.whenShort = requireNonNull(whenShort, "whenShort is null");
    }

    /// Does not throw. After [#close()] nothing runs.
    @Override
    public void execute(Runnable task) {
        try {
            threads.execute(task);
        } catch (RuntimeException | Error e) {
            // Java refuses a task with the same exception when it has no thread and when it is shut down.
            if (threads.isShutdown()) {
                FatalErrors.check(e);
                log.debug("The server stops before a task has begun", e);
                return;
            }
            unstarted.add(task);
            FatalErrors.check(e);
            log.error("No thread for a task; it is tried again", e);
            whenShort.run();
        }
    }

    /// Starts what there was no thread for.
    public void startAgain() {
        for (int left = unstarted.size(); left > 0; left--) {
            Runnable task = unstarted.poll();
            if (task != null) {
                execute(task);
            }
        }
    }

    /// Interrupts what runs, and forgets what waits.
    @Override
    public void close() {
        threads.shutdownNow();
        unstarted.clear();
    }
}
