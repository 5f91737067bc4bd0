package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs things later, each on a virtual thread of its own, so that no task can hold up another. What cannot be given a
/// thread is tried again until it gets one.
///
/// The executor's thread only starts others. It is not supervised: the executor replaces it by itself, and no task of
/// its own can end it.
final class Timers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Timers.class);

    private static final Duration START_AGAIN_AFTER = Duration.ofMillis(100);

    private final ThreadStarter threads;
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("channel-timers").factory());

    Timers() {
        this(ThreadStarter.VIRTUAL);
    }

    Timers(ThreadStarter threads) {
        this.threads = requireNonNull(threads, "threads is null");
        executor.setRemoveOnCancelPolicy(true);
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        boolean _ = executor.prestartCoreThread();
    }

    /// Cancel what is returned when it is not needed any more; it is forgotten at once. After [#close] nothing
    /// runs.
    Future<?> after(Duration delay, Runnable task) {
        requireNonNull(task, "task is null");
        return executor.schedule(() -> startNow(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    int waiting() {
        return executor.getQueue().size();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    /// Runs the task on a thread of its own, as soon as there is one. Never throws.
    void startNow(Runnable task) {
        try {
            threads.start("channel-task", () -> guarded(task));
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("no thread for a task; it is tried again", e);
            startAgain(task);
        }
    }

    private void startAgain(Runnable task) {
        try {
            Future<?> _ = executor.schedule(() -> startNow(task), START_AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Error e) {
            // It is in the queue, which the executor's next thread works off.
            FatalErrors.check(e);
            LOG.error("the timers have no thread", e);
        }
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("a task failed", e);
        }
    }
}
