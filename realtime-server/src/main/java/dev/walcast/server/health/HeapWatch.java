package dev.walcast.server.health;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.AwakeClock;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends the process when it does little but collect garbage and the collections free almost nothing. The JVM throws
/// no error as long as each collection frees a few bytes. A restarted server has an empty heap, and its clients
/// reconnect.
public final class HeapWatch {
    private static final Logger log = LoggerFactory.getLogger(HeapWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    /// The longest time between two looks that counts; in the rest of a longer time the process was stopped.
    private static final Duration GAP_MAX = EVERY.multipliedBy(2);

    /// At this share of time spent in collections the server is starved.
    private static final double COLLECTING_SHARE = 0.8;

    /// At this share of the heap in use after collections the server is starved.
    private static final double USED_SHARE = 0.85;

    static final Duration STARVED_MAX = Duration.ofSeconds(20);

    private final Collections collections;
    private final Duration starvedMax;
    private final AwakeClock clock;
    private final Runnable end;
    private long collectingMillis;
    private long lookedNanos;
    private long awakeNanos;
    private long starvedNanos;
    private boolean warned;

    /// Reads what the JVM's collectors have done so far.
    public interface Collections {
        /// The total time of collections, in milliseconds.
        long millis();

        /// The share of the maximal heap in use after the last collections, at most 1.
        double usedShare();
    }

    /// @param starvedMax the process ends after this much starved time; other time is subtracted from it
    /// @param nowNanos   a time of a monotonic clock, as in [#look(long)]
    /// @param end        ends the process
    HeapWatch(Collections collections, Duration starvedMax, long nowNanos, Runnable end) {
        this.starvedMax = requireNonNull(starvedMax, "starvedMax is null");
        this.collections = requireNonNull(collections, "collections is null");
        this.end = requireNonNull(end, "end is null");
        this.clock = new AwakeClock(GAP_MAX.toNanos(), nowNanos);
        this.lookedNanos = nowNanos;
        this.collectingMillis = collections.millis();
    }

    /// Watches the heap of this process from now on.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public static void start(Supervisor supervisor, LongSupplier nanoTime) {
        start(supervisor, STARVED_MAX, nanoTime);
    }

    static void start(Supervisor supervisor, Duration starvedMax, LongSupplier nanoTime) {
        HeapWatch watch = new HeapWatch(new JvmCollections(), starvedMax, nanoTime.getAsLong(), HeapWatch::halt);
        new Periodic("heap-watch", EVERY, ThreadStarter.PLATFORM, _ -> watch.look(nanoTime.getAsLong()))
                .startWithPause(supervisor);
    }

    private static void halt() {
        FatalErrors.halt(
                FatalErrors.MEMORY_EXIT_CODE,
                "The heap is exhausted: garbage collection frees no memory. The process ends",
                null);
    }

    void look(long nowNanos) {
        long awake = clock.advance(nowNanos);
        long elapsedNanos = awake - awakeNanos;
        long millis = collections.millis();
        double share = (millis - collectingMillis) * 1e6 / Math.max(1, nowNanos - lookedNanos);
        lookedNanos = nowNanos;
        awakeNanos = awake;
        collectingMillis = millis;
        boolean starved = share >= COLLECTING_SHARE && collections.usedShare() >= USED_SHARE;
        starvedNanos = Math.max(0, starvedNanos + (starved ? elapsedNanos : -2 * elapsedNanos));
        if (starvedNanos >= starvedMax.toNanos()) {
            end.run();
        }
        warn(starvedNanos > starvedMax.toNanos() / 4);
    }

    private void warn(boolean now) {
        if (now && !warned) {
            log.warn(
                    "The heap is nearly exhausted; the process ends if this goes on for {} s. Give the server more memory.",
                    starvedMax.toSeconds());
        }
        warned = now;
    }
}
