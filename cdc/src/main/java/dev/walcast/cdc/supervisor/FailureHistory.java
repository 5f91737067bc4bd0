package dev.walcast.cdc.supervisor;

/// The last failures of a task: how long to pause, and whether it fails often. Allocates nothing, since there may be no
/// memory. Belongs to its task's lock.
final class FailureHistory {
    private final SupervisorPolicy pacing;
    /// When the last ones were, the oldest at [#count] modulo its length.
    private final long[] recentNanos;

    /// Since the task ran steadily.
    private int count;
    /// Also read without the lock.
    private volatile boolean often;

    FailureHistory(SupervisorPolicy pacing) {
        this.pacing = pacing;
        this.recentNanos = new long[pacing.failuresMax()];
    }

    /// @param nowNanos of a monotonic clock
    /// @return the pause until the next start, in nanoseconds
    long failed(long nowNanos) {
        recentNanos[count % recentNanos.length] = nowNanos;
        count++;
        if (count >= recentNanos.length) {
            long first = recentNanos[count % recentNanos.length];
            often = often || nowNanos - first <= pacing.failuresWithin().toNanos();
        }
        long pauseNanos = pacing.pauseNanos(count);
        if (count == Integer.MAX_VALUE) {
            count = recentNanos.length;
        }
        return pauseNanos;
    }

    /// The task has been running for this long.
    void ran(long nanos) {
        if (nanos >= pacing.steadyAfter().toNanos()) {
            count = 0;
            often = false;
        }
    }

    boolean often() {
        return often;
    }
}
