package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs things later, each on a virtual thread of its own, so that no task can hold up another.
final class Timers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Timers.class);

    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("channel-timers").factory());

    Timers() {
        executor.setRemoveOnCancelPolicy(true);
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /// Cancel what is returned when it is not needed any more; it is forgotten at once. After [#close] nothing
    /// runs.
    Future<?> after(Duration delay, Runnable task) {
        requireNonNull(task, "task is null");
        return executor.schedule(() -> start(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    int waiting() {
        return executor.getQueue().size();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    private static void start(Runnable task) {
        Thread.ofVirtual().name("channel-timer").start(() -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                LOG.error("a delayed task failed", e);
            }
        });
    }
}
