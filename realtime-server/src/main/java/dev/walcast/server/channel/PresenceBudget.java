package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.socket.ClientLimits.Window;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How often one channel's client may speak of its presence: so often in a window of time, and all channels of its
/// socket together no faster than a rate. For one thread at a time.
final class PresenceBudget {
    private final Window window;
    private final RateLimiter rate;
    private final LongSupplier nanos;
    private @Nullable Bucket bucket;
    private long tried;
    private boolean tooOften;

    PresenceBudget(Window window, RateLimiter rate, LongSupplier nanos) {
        this.window = requireNonNull(window, "window is null");
        this.rate = requireNonNull(rate, "rate is null");
        this.nanos = requireNonNull(nanos, "nanos is null");
    }

    private Bucket bucket() {
        if (bucket == null) {
            bucket = Bucket.builder()
                    .addLimit(limit -> limit.capacity(window.max()).refillIntervally(window.max(), window.length()))
                    .withCustomTimePrecision(new RateLimiter.Ticker(nanos))
                    .withSynchronizationStrategy(SynchronizationStrategy.SYNCHRONIZED)
                    .build();
        }
        return bucket;
    }

    /// For each `presence` push that names an event. After a false the channel is closed with the [#refusal].
    boolean tryTrack() {
        tried = window.max() - bucket().getAvailableTokens() + 1;
        tooOften = !bucket().tryConsume(1);
        return !tooOften && rate.tryTake();
    }

    /// What the client reads after a false.
    Refusal refusal() {
        return tooOften
                ? ErrorCode.PRESENCE_TOO_OFTEN.refusal().over(window.max(), tried)
                : rate.refusal(ErrorCode.PRESENCE_TOO_FAST);
    }
}
