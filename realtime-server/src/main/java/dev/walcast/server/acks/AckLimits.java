package dev.walcast.server.acks;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How many cursors are kept, and how long an unused one.
public record AckLimits(int cursorsMax, Duration age) {
    public AckLimits {
        requireNonNull(age, "age is null");
    }

    public static AckLimits defaults() {
        return new AckLimits(10_000, Duration.ofDays(3));
    }
}
