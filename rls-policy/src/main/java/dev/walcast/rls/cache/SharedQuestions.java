package dev.walcast.rls.cache;

import static java.util.Objects.requireNonNull;

import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Asks once for all callers that wait for the same question. A caller never gets an answer to a question that was
/// begun before the time it names: while one is on its way, later callers wait for the next one, which answers them
/// all. The last answer is kept for callers that name an earlier time. Safe for any thread.
public final class SharedQuestions<K, V> {
    /// Beyond this number of questions those that no caller waits for are forgotten.
    private static final int KEPT_MAX = 1_000;

    private final LongSupplier nanoTime;
    private final Map<K, Line<V>> lines = new ConcurrentHashMap<>();

    /// @param nanoTime a monotonic clock
    public SharedQuestions(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// A question to the database.
    @FunctionalInterface
    public interface Ask<V> {
        @Nullable
        V ask() throws SQLException;
    }

    /// Blocks while the question is asked, and while the one before is.
    ///
    /// @param since the answer is to a question that began at this time of the clock or later
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

    /// The callers of one question.
    private static final class Line<V> {
        private final ReentrantLock asking = new ReentrantLock();
        private final ReentrantLock joining = new ReentrantLock();

        /// Those that the question not begun yet will answer; guarded by `joining`.
        private @Nullable Batch<V> next;

        /// Changed inside the map only.
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

        /// Later callers join another batch.
        private void close() {
            joining.lock();
            try {
                next = null;
            } finally {
                joining.unlock();
            }
        }
    }

    /// One question and its answer. Used under the lock `asking`, and read after it.
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
