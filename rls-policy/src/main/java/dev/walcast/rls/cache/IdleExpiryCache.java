package dev.walcast.rls.cache;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A cache that removes values which were not used for ten minutes. Safe for any thread.
public final class IdleExpiryCache<K, V> {
    private static final Duration UNUSED_MAX = Duration.ofMinutes(10);

    private final int max;
    private final LongSupplier nanoTime;
    private final Map<K, Kept<V>> values = new ConcurrentHashMap<>();

    /// @param max      with more values than this, [#forget] removes all of them
    /// @param nanoTime a monotonic clock, in nanoseconds
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

    /// Returns the value and marks it as used now; null when it is not in the cache.
    public @Nullable V get(K key) {
        Kept<V> kept = values.get(key);
        if (kept == null) {
            return null;
        }
        kept.usedAt = nanoTime.getAsLong();
        return kept.value;
    }

    /// Puts a value, used now, in place of an earlier one.
    public void put(K key, V value) {
        values.put(key, new Kept<>(value, nanoTime.getAsLong()));
    }

    /// Removes one value.
    public void remove(K key) {
        values.remove(key);
    }

    int size() {
        return values.size();
    }

    /// Removes the values that expired. When too many are left, removes all. The cache does not do this by itself.
    public void forget() {
        long now = nanoTime.getAsLong();
        values.values().removeIf(kept -> now - kept.usedAt > UNUSED_MAX.toNanos());
        if (values.size() > max) {
            values.clear();
        }
    }
}
