package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Things to be done later, on one thread of their own; they must not block.
public final class Timers implements AutoCloseable {
    private final Clock clock;
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("walcast-timers").factory());

    public Timers(Clock clock) {
        this.clock = requireNonNull(clock, "clock is null");
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    public ScheduledFuture<?> after(Duration delay, Runnable task) {
        return executor.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// At an instant of the clock, or at once when it has passed.
    public ScheduledFuture<?> at(Instant instant, Runnable task) {
        Duration delay = Duration.between(clock.instant(), instant);
        return after(delay.isNegative() ? Duration.ZERO : delay, task);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
