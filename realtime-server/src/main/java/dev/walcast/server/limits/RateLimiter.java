package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.limits.ClientLimits.Rate;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A token bucket that also measures the recent rate. Most sockets never use all their buckets, and a bucket is
/// larger than the rest of this class, so it is created on first use. Safe for any thread.
final class RateLimiter {
    private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();

    private final Rate rate;
    private final LongSupplier nanos;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private @Nullable Bucket bucket;

    @GuardedBy("lock")
    private long secondBegan;

    @GuardedBy("lock")
    private long askedBefore;

    @GuardedBy("lock")
    private long asked;

    RateLimiter(Rate rate, LongSupplier nanos) {
        this.rate = requireNonNull(rate, "rate is null");
        this.nanos = requireNonNull(nanos, "nanos is null");
        this.secondBegan = nanos.getAsLong();
    }

    private Bucket bucket() {
        synchronized (lock) {
            if (bucket == null) {
                bucket = Bucket.builder()
                        .addLimit(limit ->
                                limit.capacity(rate.burst()).refillGreedy(rate.perSecond(), Duration.ofSeconds(1)))
                        .withCustomTimePrecision(new Ticker(nanos))
                        .withSynchronizationStrategy(SynchronizationStrategy.SYNCHRONIZED)
                        .build();
            }
            return bucket;
        }
    }

    record Ticker(LongSupplier nanos) implements TimeMeter {
        @Override
        public long currentTimeNanos() {
            return nanos.getAsLong();
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }

    boolean tryTake() {
        count();
        return bucket().tryConsume(1);
    }

    boolean isEmpty() {
        return bucket().getAvailableTokens() < 1;
    }

    /// The refusal, with the rate that is allowed and the rate that was measured, refused attempts included.
    Refusal refusal(ErrorCode code) {
        synchronized (lock) {
            return code.refusal().over(rate.perSecond(), Math.max(askedBefore, asked));
        }
    }

    private void count() {
        synchronized (lock) {
            long now = nanos.getAsLong();
            long seconds = (now - secondBegan) / SECOND_NANOS;
            if (seconds > 0) {
                askedBefore = seconds == 1 ? asked : 0;
                asked = 0;
                secondBegan += seconds * SECOND_NANOS;
            }
            asked++;
        }
    }
}
