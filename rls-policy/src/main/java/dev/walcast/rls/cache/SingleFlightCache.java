package dev.walcast.rls.cache;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Answers that are at most [#MAX_AGE] old, so that many who ask the same at once, after a restart, are one question to
/// the database. Who asks while the answer is on its way waits for it. Safe for any thread.
public final class SingleFlightCache<K, V> {
    /// As often as rights and policies are looked up again.
    static final Duration MAX_AGE = Duration.ofSeconds(1);

    private static final int ANSWERS_MAX = 1_000;

    /// Of all answers together, by their [Weight].
    private static final long WEIGHT_MAX = 4L << 20;

    private final LongSupplier nanoTime;
    private final Weight<K, V> weight;
    private final Map<K, Answer<V>> answers = new ConcurrentHashMap<>();
    private final AtomicLong forgottenAt;

    /// For questions and answers that are small.
    ///
    /// @param nanoTime a monotonic clock
    public SingleFlightCache(LongSupplier nanoTime) {
        this(nanoTime, (_, _) -> 0);
    }

    /// @param nanoTime a monotonic clock
    public SingleFlightCache(LongSupplier nanoTime, Weight<K, V> weight) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.weight = requireNonNull(weight, "weight is null");
        this.forgottenAt = new AtomicLong(nanoTime.getAsLong());
    }

    /// How many characters a question and its answer hold, about.
    @FunctionalInterface
    public interface Weight<K, V> {
        /// @param value null before there is an answer
        long of(K key, @Nullable V value);
    }

    private static final class Answer<V> {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile @Nullable V value;
        private volatile long askedAt;
    }

    /// A question to the database.
    @FunctionalInterface
    public interface Ask<V, E extends Exception, F extends Exception> {
        /// @return null for an answer that must not be remembered
        @Nullable
        V ask() throws E, F;
    }

    /// The answer, asked for when it is not known or too old. Blocks while another thread asks the same.
    public <E extends Exception, F extends Exception> @Nullable V get(K key, Ask<V, E, F> ask) throws E, F {
        Answer<V> answer = answers.computeIfAbsent(key, _ -> new Answer<>());
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

    private <E extends Exception, F extends Exception> @Nullable V ask(Answer<V> answer, Ask<V, E, F> ask) throws E, F {
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

    private boolean isOld(Answer<V> answer) {
        return nanoTime.getAsLong() - answer.askedAt > MAX_AGE.toNanos();
    }

    /// Forgets what is old once in [#MAX_AGE], and everything when that leaves too much.
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
        for (Map.Entry<K, Answer<V>> entry : answers.entrySet()) {
            sum += weight.of(entry.getKey(), entry.getValue().value);
        }
        return sum > WEIGHT_MAX;
    }

    int size() {
        return answers.size();
    }
}
