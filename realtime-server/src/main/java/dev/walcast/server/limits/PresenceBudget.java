package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.ClientLimits.Window;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Bounds the presence messages that one channel may send in a window of time. For one thread at a time.
public final class PresenceBudget {
    private final Window window;
    private final LongSupplier nanos;
    private @Nullable Bucket bucket;
    private long tried;

    PresenceBudget(Window window, LongSupplier nanos) {
        this.window = requireNonNull(window, "window is null");
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

    /// Whether nothing is left. Called before a push is parsed.
    public boolean isEmpty() {
        tried = window.max() - bucket().getAvailableTokens() + 1;
        return bucket().getAvailableTokens() < 1;
    }

    /// Counts a `presence` push that names an event. When it returns false the channel is closed with the [#refusal].
    public boolean tryTrack() {
        tried = window.max() - bucket().getAvailableTokens() + 1;
        return bucket().tryConsume(1);
    }

    /// The refusal to send when nothing is left.
    public Refusal refusal() {
        return ErrorCode.PRESENCE_TOO_OFTEN.refusal().over(window.max(), tried);
    }
}
