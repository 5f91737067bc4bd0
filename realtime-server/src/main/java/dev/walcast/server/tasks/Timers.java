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

/// Runs things later, each on a virtual thread of its own, so that no task can hold up another. What there is no thread
/// for is tried again until it gets one.
///
/// The clock's thread only starts others. It is not supervised: the clock replaces it by itself, and no task of its own
/// can end it.
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

    /// Cancel what is returned when it is not needed any more; it is forgotten at once. After [#close] nothing
    /// runs.
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

    /// Runs the task on a thread of its own, as soon as there is one. Never throws.
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
            // It is in the queue, which the clock's next thread works off.
            FatalErrors.check(e);
            LOG.error("the timers have no thread", e);
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
            LOG.error("a task failed", e);
        }
    }
}
