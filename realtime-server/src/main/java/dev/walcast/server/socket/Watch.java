package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.ThreadStarter;
import dev.walcast.server.limits.SocketLimits;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks the timeouts of all connections, several times per limit, so that none needs a timer of its own. One
/// supervised platform thread, which never blocks.
public final class Watch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final long PERIOD_MILLIS_MAX = 1_000;
    private static final long PERIOD_MILLIS_MIN = 10;

    private final Supplier<List<Iterable<? extends Watched>>> watched;
    private final Periodic periodic;

    /// @param name of the thread
    public Watch(String name, SocketLimits limits, Supplier<List<Iterable<? extends Watched>>> watched) {
        this.watched = requireNonNull(watched, "watched is null");
        Duration period = Duration.ofMillis(periodMillis(limits));
        this.periodic = new Periodic(name, period, ThreadStarter.PLATFORM, _ -> checkAll());
    }

    /// Starts the thread.
    public void start(Supervisor supervisor) {
        periodic.startWithPause(supervisor);
    }

    @Override
    public void close() {
        periodic.close();
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
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("A connection could not be checked", e);
        }
    }
}
