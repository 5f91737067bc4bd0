package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Things to be done later, on one thread of their own; they must not block.
public final class Timers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Timers.class);

    private final Clock clock;
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("walcast-timers").factory());

    public Timers(Clock clock) {
        this.clock = requireNonNull(clock, "clock is null");
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /// A task that throws is logged.
    @SuppressWarnings("FutureReturnValueIgnored") // nothing is left to be asked of it
    public void after(Duration delay, Runnable task) {
        executor.schedule(guarded(task), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// At an instant of the clock, or at once when it has passed.
    public ScheduledFuture<?> at(Instant instant, Runnable task) {
        Duration delay = Duration.between(clock.instant(), instant);
        return executor.schedule(guarded(task), Math.max(0, delay.toMillis()), TimeUnit.MILLISECONDS);
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                log.error("A timed task failed", e);
            }
        };
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
