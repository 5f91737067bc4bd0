package dev.walcast.rls.cache;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Values that are forgotten when they were not used for some time, or when there are too many. Safe for any thread.
public final class IdleExpiryCache<K, V> {
    private static final Duration UNUSED_MAX = Duration.ofMinutes(10);

    private final int max;
    private final LongSupplier nanoTime;
    private final Map<K, Kept<V>> values = new ConcurrentHashMap<>();

    /// @param nanoTime a monotonic clock
    public IdleExpiryCache(int max, LongSupplier nanoTime) {
        this.max = max;
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    private static final class Kept<V> {
        private final V value;
        private volatile long usedAt;

        Kept(V value, long usedAt) {
            this.value = value;
            this.usedAt = usedAt;
        }
    }

    /// The value, which counts as used now; null when it was never put, or was forgotten.
    public @Nullable V get(K key) {
        Kept<V> kept = values.get(key);
        if (kept == null) {
            return null;
        }
        kept.usedAt = nanoTime.getAsLong();
        return kept.value;
    }

    /// Keeps the value until [#forget] finds it unused, or too many.
    public void put(K key, V value) {
        values.put(key, new Kept<>(value, nanoTime.getAsLong()));
    }

    /// Forgets one value.
    public void remove(K key) {
        values.remove(key);
    }

    int size() {
        return values.size();
    }

    /// Forgets what was not used lately; everything when that leaves too many.
    public void forget() {
        long now = nanoTime.getAsLong();
        values.values().removeIf(kept -> now - kept.usedAt > UNUSED_MAX.toNanos());
        if (values.size() > max) {
            values.clear();
        }
    }
}
