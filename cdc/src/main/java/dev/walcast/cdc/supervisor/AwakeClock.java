package dev.walcast.cdc.supervisor;

/// Adds up the time during which its owner runs: of a gap between two calls no more than a bound counts. A process that
/// was stopped, a machine that slept and a long pause for garbage collection do not make others look late. Belongs to
/// its owner's lock or thread.
public final class AwakeClock {
    private final long gapMaxNanos;
    private long lastNanos;
    private long awakeNanos;

    /// @param nowNanos of a monotonic clock, as in [#advance(long)]
    public AwakeClock(long gapMaxNanos, long nowNanos) {
        this.gapMaxNanos = gapMaxNanos;
        this.lastNanos = nowNanos;
    }

    /// @return the nanoseconds that count, since the clock was made
    public long advance(long nowNanos) {
        awakeNanos += Math.clamp(nowNanos - lastNanos, 0, gapMaxNanos);
        lastNanos = nowNanos;
        return awakeNanos;
    }
}
