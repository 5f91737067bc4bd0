package dev.walcast.cdc.supervisor;

/// The last failures of a task. They decide the next pause, and whether the task fails often. Allocates
/// nothing, because there may be no memory. Guarded by its task's lock.
final class FailureHistory {
    private final SupervisorPolicy policy;
    /// The times of the last failures; the oldest is at [#count] modulo the length.
    private final long[] recentNanos;

    /// The number of failures since the task last ran steadily.
    private int count;
    /// This is also read without the lock.
    private volatile boolean frequent;

    FailureHistory(SupervisorPolicy policy) {
        this.policy = policy;
        this.recentNanos = new long[policy.failuresMax()];
    }

    /// Records a failure.
    ///
    /// @param nowNanos of a monotonic clock
    /// @return the pause until the next start, in nanoseconds
    long failed(long nowNanos) {
        recentNanos[count % recentNanos.length] = nowNanos;
        count++;
        if (count >= recentNanos.length) {
            long first = recentNanos[count % recentNanos.length];
            frequent = frequent || nowNanos - first <= policy.failuresWithin().toNanos();
        }
        long pauseNanos = policy.pauseNanos(count);
        if (count == Integer.MAX_VALUE) {
            count = recentNanos.length;
        }
        return pauseNanos;
    }

    /// Records for how long the task has been running.
    void ran(long nanos) {
        if (nanos >= policy.steadyAfter().toNanos()) {
            count = 0;
            frequent = false;
        }
    }

    /// Whether the task fails often.
    boolean isFrequent() {
        return frequent;
    }
}
