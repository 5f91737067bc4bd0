package dev.walcast.cdc.supervisor;

/// Measures the time during which its owner runs. Of a gap between two calls, at most a limit counts. So a
/// stopped process, a suspended machine or a long garbage collection does not make other threads look late.
/// Guarded by its owner's lock or used by its owner's thread only.
public final class AwakeClock {
    private final long gapMaxNanos;
    private long lastNanos;
    private long awakeNanos;

    /// @param nowNanos of a monotonic clock, as in [#advance(long)]
    public AwakeClock(long gapMaxNanos, long nowNanos) {
        this.gapMaxNanos = gapMaxNanos;
        this.lastNanos = nowNanos;
    }

    /// @return the nanoseconds that have counted since the clock was created
    public long advance(long nowNanos) {
        awakeNanos += Math.clamp(nowNanos - lastNanos, 0, gapMaxNanos);
        lastNanos = nowNanos;
        return awakeNanos;
    }
}
