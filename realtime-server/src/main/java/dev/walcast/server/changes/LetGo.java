package dev.walcast.server.changes;

import dev.walcast.rls.Moment;
import java.util.ArrayDeque;
import java.util.Deque;

/// Transactions that came but stand in the window no more. Postgres sends a transaction a moment before it lets others
/// see it, so rows that were read may lack one; these must not. Guarded by the window's lock.
final class LetGo {
    static final int REMEMBERED_MAX = 65_536;

    private final Deque<Long> xids = new ArrayDeque<>();

    /// The latest of those that are not remembered one by one.
    private long forgotten;

    private boolean hasForgotten;

    void clear() {
        xids.clear();
        hasForgotten = false;
    }

    void add(long xid) {
        if (xids.size() == REMEMBERED_MAX) {
            long oldest = xids.remove();
            forgotten = hasForgotten && (int) (oldest - forgotten) < 0 ? forgotten : oldest;
            hasForgotten = true;
        }
        xids.add(xid);
    }

    /// Whether rows of this moment certainly show all of them. Who was told so may take it for granted of any later
    /// moment.
    boolean areIn(Moment moment) {
        if (hasForgotten && !moment.containsAllUpTo(forgotten)) {
            return false;
        }
        hasForgotten = false;
        xids.removeIf(moment::contains);
        return xids.isEmpty();
    }
}
