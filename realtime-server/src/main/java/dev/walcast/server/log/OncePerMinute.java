package dev.walcast.server.log;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Allows one log line of each kind per minute. Use it for lines that a client can cause as often as it likes. Safe
/// for any thread.
///
/// @param <K> the kind; each is remembered forever, so kinds must be bounded by the code and not by clients
public final class OncePerMinute<K> {
    private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanoTime;
    private final Map<K, Long> lastNanos = new ConcurrentHashMap<>();

    /// @param nanoTime a clock such as [System#nanoTime()]
    public OncePerMinute(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// Returns true, and counts this line, when a minute has passed since the last line of this kind.
    public boolean tryTake(K kind) {
        long now = nanoTime.getAsLong();
        Long last = lastNanos.get(kind);
        if (last == null) {
            return lastNanos.putIfAbsent(kind, now) == null;
        }
        return now - last >= PAUSE_NANOS && lastNanos.replace(kind, last, now);
    }
}
