package dev.walcast.server.delivery;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// How much waits in all subscriptions together. Safe for any thread.
final class PendingTotal {
    /// The share of a bound at which dropping ends, so that the next change does not cause another round at once.
    private static final double RELIEVED = 0.9;

    private final AtomicInteger pairs = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    /// @param morePairs of a change and a subscription that waits for it; negative for fewer
    /// @param moreBytes of rows, each counted once; negative for fewer
    void add(int morePairs, long moreBytes) {
        pairs.addAndGet(morePairs);
        bytes.addAndGet(moreBytes);
    }

    boolean isTooMuch() {
        return exceeds(1);
    }

    /// Whether enough was dropped after it was too much.
    boolean isRelieved() {
        return !exceeds(RELIEVED);
    }

    private boolean exceeds(double share) {
        return pairs.get() > share * PendingLimits.PAIRS_MAX || bytes.get() > share * PendingLimits.BYTES_MAX;
    }
}
