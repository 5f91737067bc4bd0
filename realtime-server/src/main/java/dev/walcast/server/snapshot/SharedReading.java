package dev.walcast.server.snapshot;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.rls.rows.RowsRefusedException;
import dev.walcast.server.snapshot.Snapshots.Taken;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// One reading of rows on its way from the thread that reads to those who share it, each on a thread of its own. The
/// reading is a few chunks ahead of the slowest; who makes it wait for too long in all is left behind.
final class SharedReading {
    private static final int AHEAD_MAX = 8;
    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Set<Sharer> sharers = new HashSet<>();

    @GuardedBy("lock")
    private final Deque<ReadRows> chunks = new ArrayDeque<>();

    @GuardedBy("lock")
    private long dropped;

    @GuardedBy("lock")
    private long patienceNanos;

    @GuardedBy("lock")
    private boolean ended;

    @GuardedBy("lock")
    private Optional<Taken> taken = Optional.empty();

    @GuardedBy("lock")
    private @Nullable Exception failure;

    /// @param patience how long the reading may wait in all
    SharedReading(Duration patience) {
        this.patienceNanos = patience.toNanos();
    }

    /// Before the reading begins.
    Sharer share() {
        lock.lock();
        try {
            Sharer sharer = new Sharer();
            sharers.add(sharer);
            return sharer;
        } finally {
            lock.unlock();
        }
    }

    // -- the thread that reads

    boolean isWanted() {
        return sharers() > 0;
    }

    int sharers() {
        lock.lock();
        try {
            return sharers.size();
        } finally {
            lock.unlock();
        }
    }

    /// Waits while all chunks that may be ahead are.
    ///
    /// @return false when no binding wants it any more
    boolean add(ReadRows chunk) throws InterruptedException {
        lock.lock();
        try {
            while (chunks.size() >= AHEAD_MAX) {
                if (patienceNanos > 0) {
                    patienceNanos = Math.min(patienceNanos, changed.awaitNanos(patienceNanos));
                } else {
                    long slowest = dropped;
                    sharers.removeIf(sharer -> sharer.next == slowest);
                    trim();
                }
            }
            chunks.add(chunk);
            changed.signalAll();
            return !sharers.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /// @param result nothing when the window does not lead on from any moment that was tried
    void end(Optional<Taken> result) {
        end(result, null);
    }

    void fail(Exception why) {
        end(Optional.empty(), requireNonNull(why, "why is null"));
    }

    private void end(Optional<Taken> result, @Nullable Exception why) {
        lock.lock();
        try {
            taken = result;
            failure = why;
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Forgets the chunks that all sharers have taken.
    @GuardedBy("lock")
    private void trim() {
        long slowest = sharers.stream().mapToLong(sharer -> sharer.next).min().orElse(dropped + chunks.size());
        while (dropped < slowest) {
            chunks.remove();
            dropped++;
        }
        changed.signalAll();
    }

    /// One of those who share it.
    final class Sharer implements AutoCloseable {
        // guarded by lock
        private long next;

        private Sharer() {}

        /// Waits for the next chunk; null behind the last one, and when it is over.
        @Nullable
        ReadRows next(BooleanSupplier over) throws RowsRefusedException, SQLException, InterruptedException {
            lock.lock();
            try {
                while (true) {
                    if (!sharers.contains(this)) {
                        throw new RowsRefusedException("The client did not take its rows in time.");
                    }
                    if (next < dropped + chunks.size()) {
                        return take();
                    }
                    if (ended) {
                        check();
                        return null;
                    }
                    if (over.getAsBoolean()) {
                        return null;
                    }
                    long _ = changed.awaitNanos(LOOK_EVERY_NANOS);
                }
            } finally {
                lock.unlock();
            }
        }

        @GuardedBy("SharedReading.this.lock")
        private ReadRows take() {
            int place = (int) (next - dropped);
            ReadRows chunk = chunks.stream().skip(place).findFirst().orElseThrow();
            next++;
            trim();
            return chunk;
        }

        @GuardedBy("SharedReading.this.lock")
        private void check() throws RowsRefusedException, SQLException, InterruptedException {
            switch (failure) {
                case null -> {}
                case InterruptedException stopped -> throw stopped;
                case RowsRefusedException refused -> throw refused;
                case SQLException away -> throw away;
                default -> throw new IllegalStateException("rows could not be read", failure);
            }
        }

        /// After [#next(BooleanSupplier)] has given null.
        Optional<Taken> result() {
            lock.lock();
            try {
                return taken;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                sharers.remove(this);
                trim();
            } finally {
                lock.unlock();
            }
        }
    }
}
