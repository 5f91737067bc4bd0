package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at every socket a few times per limit, so that no socket needs a timer of its own. One platform thread that
/// never blocks.
final class Watch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final long PERIOD_MILLIS_MAX = 1_000;
    private static final long PERIOD_MILLIS_MIN = 10;

    private final Supplier<Iterable<Connection>> connections;
    private final ScheduledThreadPoolExecutor executor;

    Watch(SocketLimits limits, Supplier<Iterable<Connection>> connections) {
        this.connections = requireNonNull(connections, "connections is null");
        this.executor = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("socket-watch").factory());
        long period = periodMillis(limits);
        Future<?> _ = executor.scheduleWithFixedDelay(this::checkAll, period, period, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    private static long periodMillis(SocketLimits limits) {
        long shortest = Math.min(millis(limits.idleTimeout()), millis(limits.writeTimeout()));
        return Math.clamp(Math.min(shortest, millis(limits.closeTimeout())) / 8, PERIOD_MILLIS_MIN, PERIOD_MILLIS_MAX);
    }

    private static long millis(Duration duration) {
        return duration.toMillis();
    }

    private void checkAll() {
        long nowNanos = System.nanoTime();
        for (Connection connection : connections.get()) {
            try {
                connection.check(nowNanos);
            } catch (RuntimeException e) {
                LOG.error("a socket could not be checked", e);
            }
        }
    }
}
