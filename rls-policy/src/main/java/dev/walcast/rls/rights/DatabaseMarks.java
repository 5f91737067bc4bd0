package dev.walcast.rls.rights;

import dev.walcast.rls.PgSnapshot;
import java.util.ArrayDeque;
import java.util.Deque;

/// The places in the log from which on every table's rights may be others, numbered from 1. Safe for any thread.
///
/// Any role of the database can make such places, so many of them must cost little: a place costs a number until a
/// reading
/// shows its transaction.
final class DatabaseMarks {
    /// Beyond this number of places the last ones are one, which is shown when every transaction up to the latest of
    /// them has ended.
    private static final int PENDING_MAX = 100_000;

    private final Deque<Pending> pending = new ArrayDeque<>(); // guarded by this
    private long shownThrough; // guarded by this
    private volatile long latest;

    /// @param isHorizon whether it stands for transactions up to this one
    private record Pending(long number, long xid, boolean isHorizon) {}

    /// @param xid of the transaction in which the log says so, of 32 bits
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

    /// The number of the last place; 0 when there is none.
    long latest() {
        return latest;
    }

    /// Whether a reading is needed to forget places.
    synchronized boolean isPending() {
        return !pending.isEmpty();
    }

    /// Up to which place a reading shows what was done. To be called in the order of the readings.
    ///
    /// @param received what [#latest] said when the reading began
    synchronized long shown(long received, PgSnapshot moment) {
        while (!pending.isEmpty() && pending.getFirst().number <= received && isShown(pending.getFirst(), moment)) {
            shownThrough = pending.removeFirst().number;
        }
        return Math.min(received, shownThrough);
    }

    private static boolean isShown(Pending place, PgSnapshot moment) {
        return place.isHorizon ? moment.containsAllUpTo(place.xid) : moment.contains(place.xid);
    }
}
