package dev.walcast.rls.cache;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Asks the database once for all callers that wait with the same question. Each caller names a time, and gets an
/// answer that was asked for at that time or later. Callers that come while a question runs share the next one. The
/// last answer is kept for callers that name an earlier time. Safe for any thread.
public final class SharedQuestions<K, V> {
    /// With more keys than this, a key is removed when its last caller has left.
    private static final int KEPT_MAX = 1_000;

    private final LongSupplier nanoTime;
    private final Map<K, Line<V>> lines = new ConcurrentHashMap<>();

    /// @param nanoTime a monotonic clock, in nanoseconds
    public SharedQuestions(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// A question to the database.
    @FunctionalInterface
    public interface Ask<V> {
        /// Asks. Blocks.
        @Nullable
        V ask() throws SQLException;
    }

    /// Returns an answer that was asked for at the given time or later. Blocks while the question runs, and while
    /// the one before it runs. Throws what the question threw.
    ///
    /// @param since a time of the clock, in nanoseconds
    public @Nullable V get(K key, long since, Ask<V> ask) throws SQLException {
        Line<V> line = lines.compute(key, (_, known) -> {
            Line<V> joined = known == null ? new Line<>() : known;
            joined.callers++;
            return joined;
        });
        try {
            return line.get(since, nanoTime, ask);
        } finally {
            boolean full = lines.size() > KEPT_MAX;
            lines.computeIfPresent(key, (_, known) -> --known.callers == 0 && full ? null : known);
        }
    }

    int size() {
        return lines.size();
    }

    /// The callers of one key.
    private static final class Line<V> {
        private final ReentrantLock asking = new ReentrantLock();
        private final ReentrantLock joining = new ReentrantLock();

        /// The callers that the next question answers; null while there are none.
        @GuardedBy("joining")
        private @Nullable Batch<V> next;

        /// Changed only inside `lines.compute`.
        private int callers;

        private volatile @Nullable Batch<V> last;

        @Nullable
        V get(long since, LongSupplier nanoTime, Ask<V> ask) throws SQLException {
            Batch<V> known = last;
            if (known != null && known.isGood() && known.begunAt - since >= 0) {
                return known.result();
            }
            Batch<V> batch = join();
            asking.lock();
            try {
                if (!batch.isAnswered) {
                    close();
                    batch.answer(nanoTime.getAsLong(), ask);
                    last = batch;
                }
            } finally {
                asking.unlock();
            }
            return batch.result();
        }

        private Batch<V> join() {
            joining.lock();
            try {
                if (next == null) {
                    next = new Batch<>();
                }
                return next;
            } finally {
                joining.unlock();
            }
        }

        /// Makes later callers join another batch.
        private void close() {
            joining.lock();
            try {
                next = null;
            } finally {
                joining.unlock();
            }
        }
    }

    /// One question and its answer. Written under the lock `asking`; read after that lock was released.
    private static final class Batch<V> {
        private volatile boolean isAnswered;
        private long begunAt;
        private @Nullable V value;
        private @Nullable Throwable failure;

        void answer(long now, Ask<V> ask) {
            begunAt = now;
            try {
                value = ask.ask();
            } catch (SQLException | RuntimeException | Error e) {
                failure = e;
            }
            isAnswered = true;
        }

        boolean isGood() {
            return isAnswered && failure == null;
        }

        @Nullable
        V result() throws SQLException {
            if (failure instanceof SQLException e) {
                throw e;
            }
            if (failure != null) {
                throw new IllegalStateException("the question failed", failure);
            }
            return value;
        }
    }
}
