package dev.walcast.rls.cache;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A cache of answers that are at most [#MAX_AGE] old. Callers that ask for the same key at once share one question to
/// the database: one asks, the others wait for its answer. Safe for any thread.
public final class SingleFlightCache<K, V> {
    /// The same as the interval at which rights and policies are read again.
    static final Duration MAX_AGE = Duration.ofSeconds(1);

    private static final int ANSWERS_MAX = 1_000;

    /// The most that all answers may weigh together, by their [Weight].
    private static final long WEIGHT_MAX = 4L << 20;

    private final LongSupplier nanoTime;
    private final Weight<K, V> weight;
    private final Map<K, CachedAnswer<V>> answers = new ConcurrentHashMap<>();
    private final AtomicLong forgottenAt;

    /// Makes a cache of small keys and answers, which have no weight.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public SingleFlightCache(LongSupplier nanoTime) {
        this(nanoTime, (_, _) -> 0);
    }

    /// Makes a cache that bounds the weight of all answers.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public SingleFlightCache(LongSupplier nanoTime, Weight<K, V> weight) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.weight = requireNonNull(weight, "weight is null");
        this.forgottenAt = new AtomicLong(nanoTime.getAsLong());
    }

    /// Estimates how many characters a key and its answer hold.
    @FunctionalInterface
    public interface Weight<K, V> {
        /// Returns the weight of one entry.
        ///
        /// @param value null before there is an answer
        long of(K key, @Nullable V value);
    }

    private static final class CachedAnswer<V> {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile @Nullable V value;
        private volatile long askedAt;
    }

    /// A question to the database.
    @FunctionalInterface
    public interface Ask<V, E extends Exception, F extends Exception> {
        /// Asks. Blocks.
        ///
        /// @return null for an answer that must not be cached
        @Nullable
        V ask() throws E, F;
    }

    /// Returns the cached answer, or asks when it is missing or too old. Blocks while another thread asks for the
    /// key. A failure is not cached: each caller that waits asks again.
    public <E extends Exception, F extends Exception> @Nullable V get(K key, Ask<V, E, F> ask) throws E, F {
        CachedAnswer<V> answer = answers.computeIfAbsent(key, _ -> new CachedAnswer<>());
        answer.lock.lock();
        try {
            V known = answer.value;
            if (known != null && !isOld(answer)) {
                return known;
            }
            return ask(answer, ask);
        } finally {
            answer.lock.unlock();
        }
    }

    private <E extends Exception, F extends Exception> @Nullable V ask(CachedAnswer<V> answer, Ask<V, E, F> ask)
            throws E, F {
        try {
            long now = nanoTime.getAsLong();
            V fresh = ask.ask();
            answer.value = fresh;
            answer.askedAt = now;
            return fresh;
        } finally {
            forget();
        }
    }

    private boolean isOld(CachedAnswer<V> answer) {
        return nanoTime.getAsLong() - answer.askedAt > MAX_AGE.toNanos();
    }

    /// Removes old answers once in [#MAX_AGE]. When what is left exceeds a bound, removes all.
    private void forget() {
        long now = nanoTime.getAsLong();
        long before = forgottenAt.get();
        boolean isDue = now - before > MAX_AGE.toNanos() && forgottenAt.compareAndSet(before, now);
        if (isDue || isTooMuch()) {
            answers.values().removeIf(this::isOld);
            if (isTooMuch()) {
                answers.clear();
            }
        }
    }

    private boolean isTooMuch() {
        if (answers.size() > ANSWERS_MAX) {
            return true;
        }
        long sum = 0;
        for (Map.Entry<K, CachedAnswer<V>> entry : answers.entrySet()) {
            sum += weight.of(entry.getKey(), entry.getValue().value);
        }
        return sum > WEIGHT_MAX;
    }

    int size() {
        return answers.size();
    }
}
