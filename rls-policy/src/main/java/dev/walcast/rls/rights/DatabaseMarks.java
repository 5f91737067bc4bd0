package dev.walcast.rls.rights;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.rls.PgSnapshot;
import java.util.ArrayDeque;
import java.util.Deque;

/// The marks of all tables: places in the log after which the rights of any table may differ, numbered from 1. Safe
/// for any thread.
///
/// Any role of the database can cause marks, so many of them must cost little. A mark costs one number until a reading
/// shows its transaction.
final class DatabaseMarks {
    /// With more marks than this, the last ones are merged into one. It is shown when every transaction up to the
    /// latest of them has ended.
    private static final int PENDING_MAX = 100_000;

    @GuardedBy("this")
    private final Deque<Pending> pending = new ArrayDeque<>();

    @GuardedBy("this")
    private long shownThrough;

    private volatile long latest;

    /// A mark that no reading has shown yet.
    ///
    /// @param isHorizon whether it stands for all transactions up to this one
    private record Pending(long number, long xid, boolean isHorizon) {}

    /// Adds a mark.
    ///
    /// @param xid the transaction of the mark, of 32 bits
    synchronized void mark(long xid) {
        long number = latest + 1;
        if (pending.size() < PENDING_MAX) {
            pending.add(new Pending(number, xid, false));
        } else {
            Pending last = pending.removeLast();
            boolean isLater = (int) xid - (int) last.xid > 0;
            pending.add(new Pending(number, isLater ? xid : last.xid, true));
        }
        latest = number;
    }

    /// Returns the number of the last mark; 0 when there is none.
    long latest() {
        return latest;
    }

    /// Whether a reading is needed to remove marks.
    synchronized boolean isPending() {
        return !pending.isEmpty();
    }

    /// Returns the number of the mark up to which a reading shows all transactions. Call this in the order of the
    /// readings.
    ///
    /// @param received the result of [#latest] when the reading began
    synchronized long shown(long received, PgSnapshot snapshot) {
        while (!pending.isEmpty() && pending.getFirst().number <= received && isShown(pending.getFirst(), snapshot)) {
            shownThrough = pending.removeFirst().number;
        }
        return Math.min(received, shownThrough);
    }

    private static boolean isShown(Pending place, PgSnapshot snapshot) {
        return place.isHorizon ? snapshot.containsAllUpTo(place.xid) : snapshot.contains(place.xid);
    }
}
