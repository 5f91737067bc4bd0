package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How much may wait for rights and answers of Postgres before it is dropped and its subscriptions are told `reset`.
///
/// @param changes how many changes of one table, and of one subscription
/// @param time    how long a change may wait
public record PendingLimits(int changes, Duration time) {
    public static final PendingLimits USUAL = new PendingLimits(20_000, Duration.ofSeconds(30));

    /// How much memory all changes that wait may hold, rows counted once: less on a heap below 1 GiB.
    static final long BYTES_MAX = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 15);

    /// How many pairs of a change and a subscription may wait in all.
    static final int PAIRS_MAX = (int) Math.min(500_000, Runtime.getRuntime().maxMemory() / 15 / 128);

    public PendingLimits {
        requireNonNull(time, "time is null");
        if (changes < 1 || time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("changes and time must be positive");
        }
    }
}
