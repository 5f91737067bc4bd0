package dev.walcast.server.tasks;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.RetriedExecutor;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs tasks later, each on its own virtual thread, so that no task delays another. A task without a thread is tried
/// again until it gets one.
///
/// The clock's thread only starts other threads. It is not supervised: the executor replaces it, and no task can end
/// it.
public final class Timers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Timers.class);

    private static final Duration START_AGAIN_AFTER = Duration.ofMillis(100);

    private final RetriedExecutor threads;
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("channel-timers").factory());
    private final AtomicBoolean startsAgain = new AtomicBoolean();

    public Timers() {
        this(Thread.ofVirtual().name("channel-task").factory());
    }

    Timers(ThreadFactory factory) {
        this.threads = new RetriedExecutor(factory, this::startAgainSoon);
        clock.setRemoveOnCancelPolicy(true);
        clock.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        boolean _ = clock.prestartCoreThread();
    }

    /// Runs a task after a delay. Cancel the result when the task is not needed any more; a cancelled task is
    /// forgotten at once. After [#close] no task runs.
    public Future<?> after(Duration delay, Runnable task) {
        requireNonNull(task, "task is null");
        return clock.schedule(() -> startNow(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// How many tasks wait for their time.
    public int waiting() {
        return clock.getQueue().size();
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /// Runs the task on its own thread as soon as one is available. Never throws.
    public void startNow(Runnable task) {
        threads.execute(() -> guarded(task));
    }

    private void startAgainSoon() {
        if (startsAgain.getAndSet(true)) {
            return;
        }
        try {
            Future<?> _ = clock.schedule(this::startAgain, START_AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Error e) {
            // The task is in the queue; the clock's next thread runs it.
            FatalErrors.check(e);
            LOG.error("The timers have no thread", e);
        }
    }

    private void startAgain() {
        startsAgain.set(false);
        threads.startAgain();
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("A task failed", e);
        }
    }
}
