package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Answers that are at most [#MAX_AGE] old, so that many who ask the same at once, after a restart, are one question to
/// the database. Who asks while the answer is on its way waits for it. Safe for any thread.
final class Recent<K, V> {
    /// As often as rights and policies are looked up again.
    static final Duration MAX_AGE = Duration.ofSeconds(1);

    private static final int ANSWERS_MAX = 1_000;

    private final LongSupplier nanoTime;
    private final Map<K, Answer<V>> answers = new ConcurrentHashMap<>();

    /// @param nanoTime a monotonic clock
    Recent(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    private static final class Answer<V> {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile @Nullable V value;
        private volatile long askedAt;
    }

    /// A question to the database.
    @FunctionalInterface
    interface Ask<V, E extends Exception, F extends Exception> {
        /// @return null for an answer that must not be remembered
        @Nullable
        V ask() throws E, F;
    }

    <E extends Exception, F extends Exception> @Nullable V get(K key, Ask<V, E, F> ask) throws E, F {
        Answer<V> answer = answers.computeIfAbsent(key, _ -> new Answer<>());
        answer.lock.lock();
        try {
            V known = answer.value;
            if (known != null && !isOld(answer)) {
                return known;
            }
            long now = nanoTime.getAsLong();
            V fresh = ask.ask();
            answer.value = fresh;
            answer.askedAt = now;
            return fresh;
        } finally {
            answer.lock.unlock();
            forget();
        }
    }

    private boolean isOld(Answer<V> answer) {
        return nanoTime.getAsLong() - answer.askedAt > MAX_AGE.toNanos();
    }

    private void forget() {
        if (answers.size() > ANSWERS_MAX) {
            answers.values().removeIf(this::isOld);
            if (answers.size() > ANSWERS_MAX) {
                answers.clear();
            }
        }
    }
}
