package dev.walcast.rls;

import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Asks once for all callers that wait for the same question. A caller never gets an answer to a question that was
/// begun before its call: while one is on its way, later callers wait for the next one, which answers them all. No
/// answer is kept. Safe for any thread.
final class SharedQuestions<K, V> {
    private final Map<K, Line<V>> lines = new ConcurrentHashMap<>();

    /// A question to the database.
    @FunctionalInterface
    interface Ask<V> {
        @Nullable
        V ask() throws SQLException;
    }

    /// Blocks while the question is asked, and while the one before is.
    @Nullable
    V get(K key, Ask<V> ask) throws SQLException {
        Line<V> line = lines.compute(key, (_, known) -> {
            Line<V> joined = known == null ? new Line<>() : known;
            joined.callers++;
            return joined;
        });
        try {
            return line.get(ask);
        } finally {
            lines.computeIfPresent(key, (_, known) -> --known.callers == 0 ? null : known);
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

        @Nullable
        V get(Ask<V> ask) throws SQLException {
            Batch<V> batch = join();
            asking.lock();
            try {
                if (!batch.isAnswered) {
                    close();
                    batch.answer(ask);
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
        private @Nullable V value;
        private @Nullable Throwable failure;

        void answer(Ask<V> ask) {
            try {
                value = ask.ask();
            } catch (SQLException | RuntimeException | Error e) {
                failure = e;
            }
            isAnswered = true;
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
