package dev.walcast.server.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Numbers the times at which known rights became doubtful. An answer of an earlier round does not count as current.
///
/// A new round begins at most every [#MIN], so that a table that changes constantly does not make every push a
/// question. The first change after a quiet time begins one at once. Safe for any thread; never blocks.
final class RightsRound {
    static final Duration MIN = Duration.ofMillis(250);

    /// When a question was begun.
    ///
    /// @param round the round it was begun in
    record Asked(long nanos, long round) {}

    private final LongSupplier nanos;
    private final Object lock = new Object();
    private volatile long round;
    private volatile boolean wanted;

    @GuardedBy("lock")
    private long beganNanos;

    RightsRound(LongSupplier nanos) {
        this.nanos = nanos;
        this.beganNanos = nanos.getAsLong() - MIN.toNanos();
    }

    /// Makes doubtful what is known from before this call, at the latest after [#MIN].
    ///
    /// @return false when an earlier call already waits for that
    boolean end() {
        if (wanted) {
            return false;
        }
        wanted = true;
        current();
        return true;
    }

    long current() {
        if (wanted) {
            synchronized (lock) {
                long now = nanos.getAsLong();
                if (wanted && now - beganNanos >= MIN.toNanos()) {
                    wanted = false;
                    beganNanos = now;
                    round++;
                }
            }
        }
        return round;
    }

    /// Call it before the question is asked.
    Asked ask() {
        return new Asked(nanos.getAsLong(), current());
    }

    long ageNanos(Asked asked) {
        return nanos.getAsLong() - asked.nanos();
    }

    /// Whether no change is known since then, and the answer is not older than that.
    boolean isCurrent(Asked asked, Duration atMost) {
        return asked.round() == current() && ageNanos(asked) < atMost.toNanos();
    }
}
