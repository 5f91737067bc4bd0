package dev.walcast.server.window;

import dev.walcast.rls.Moment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Transactions that came but stand in the window no more. Postgres sends a transaction a moment before it lets others
/// see it, so rows that were read may lack one; these must not. Guarded by the window's lock.
final class LetGo {
    static final int REMEMBERED_MAX = 65_536;

    /// From how many on those that are shown are forgotten.
    static final int TIDY_FROM = 1_024;

    private final Deque<Long> xids = new ArrayDeque<>();

    /// The latest of those that are not remembered one by one.
    private long forgotten;

    private boolean hasForgotten;

    /// Shows all that were forgotten because rows showed them.
    private @Nullable Moment tidied;

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

    /// Whether rows of this moment certainly show all of them. Moments may come in another order than they were taken.
    boolean areIn(Moment moment) {
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
