package dev.walcast.server.log;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Lets one line of each kind into the log per minute. For lines that a client can cause as often as it likes. Safe for
/// any thread.
///
/// @param <K> the kinds; each is remembered for ever, so the code has to bound them, not the clients
public final class OncePerMinute<K> {
    private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanoTime;
    private final Map<K, Long> lastNanos = new ConcurrentHashMap<>();

    /// @param nanoTime as [System#nanoTime()]
    public OncePerMinute(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// Takes the turn of this kind, if a minute has passed since it was last taken.
    public boolean tryTake(K kind) {
        long now = nanoTime.getAsLong();
        Long last = lastNanos.get(kind);
        if (last == null) {
            return lastNanos.putIfAbsent(kind, now) == null;
        }
        return now - last >= PAUSE_NANOS && lastNanos.replace(kind, last, now);
    }
}
