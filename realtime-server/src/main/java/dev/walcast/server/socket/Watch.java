package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at every connection a few times per limit, so that none needs a timer of its own. One platform thread that
/// never blocks.
public final class Watch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final long PERIOD_MILLIS_MAX = 1_000;
    private static final long PERIOD_MILLIS_MIN = 10;

    private final Supplier<List<Iterable<? extends Watched>>> watched;
    private final ScheduledThreadPoolExecutor executor;

    public Watch(SocketLimits limits, Supplier<List<Iterable<? extends Watched>>> watched) {
        this.watched = requireNonNull(watched, "watched is null");
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
        shortest = Math.min(shortest, Math.min(millis(limits.closeTimeout()), millis(limits.requestTimeout())));
        return Math.clamp(shortest / 8, PERIOD_MILLIS_MIN, PERIOD_MILLIS_MAX);
    }

    private static long millis(Duration duration) {
        return duration.toMillis();
    }

    private void checkAll() {
        long nowNanos = System.nanoTime();
        for (Iterable<? extends Watched> some : watched.get()) {
            some.forEach(one -> check(one, nowNanos));
        }
    }

    private static void check(Watched one, long nowNanos) {
        try {
            one.check(nowNanos);
        } catch (RuntimeException e) {
            LOG.error("a connection could not be checked", e);
        }
    }
}
