package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.HeapShares;
import java.time.Duration;

/// How much may wait for rights and answers of Postgres before it is dropped and its subscriptions are told `reset`.
///
/// @param changes how many changes of one table, and of one subscription
/// @param time    how long a change may wait
public record PendingLimits(int changes, Duration time) {
    public static final PendingLimits USUAL = new PendingLimits(20_000, Duration.ofSeconds(30));

    /// How much memory all changes that wait may hold, rows counted once.
    public static final long BYTES_MAX = HeapShares.ofThisProcess().queueBytes();

    /// How many pairs of a change and a subscription may wait in all.
    static final int PAIRS_MAX = HeapShares.ofThisProcess().waitingPairs();

    public PendingLimits {
        requireNonNull(time, "time is null");
        if (changes < 1 || time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("changes and time must be positive");
        }
    }
}
