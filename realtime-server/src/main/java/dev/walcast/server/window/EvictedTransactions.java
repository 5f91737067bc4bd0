package dev.walcast.server.window;

import dev.walcast.rls.PgSnapshot;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Remembers transactions that have left the window. Postgres sends a transaction a moment before other sessions see
/// it, so rows that were read may lack one; they must not lack one of these. Guarded by the window's lock.
final class EvictedTransactions {
    static final int REMEMBERED_MAX = 65_536;

    /// Transactions that every snapshot contains are forgotten at this size.
    static final int TIDY_FROM = 1_024;

    private final Deque<Long> xids = new ArrayDeque<>();

    /// The latest of the transactions that are not remembered one by one.
    private long forgotten;

    private boolean hasForgotten;

    /// A snapshot that contains all that were forgotten because a snapshot contained them.
    private @Nullable PgSnapshot tidied;

    void clear() {
        xids.clear();
        hasForgotten = false;
        tidied = null;
    }

    void add(long xid) {
        if (xids.size() == REMEMBERED_MAX) {
            long oldest = xids.remove();
            forgotten = hasForgotten && (int) (oldest - forgotten) < 0 ? forgotten : oldest;
            hasForgotten = true;
        }
        xids.add(xid);
    }

    /// Whether a snapshot of this moment certainly contains all of them. Moments may arrive in a different order than
    /// they were taken.
    boolean allContainedIn(PgSnapshot moment) {
        if ((tidied != null && !moment.contains(tidied))
                || (hasForgotten && !moment.containsAllUpTo(forgotten))
                || !xids.stream().allMatch(moment::contains)) {
            return false;
        }
        if (hasForgotten || xids.size() >= TIDY_FROM) {
            xids.clear();
            hasForgotten = false;
            tidied = moment;
        }
        return true;
    }
}
