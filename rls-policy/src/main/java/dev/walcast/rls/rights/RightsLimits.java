package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How often rights are read again, and how long an answer may be used.
///
/// @param poll   between two readings of everything that is in use
/// @param maxAge after which rights that could not be confirmed deliver nothing; more than `poll`
public record RightsLimits(Duration poll, Duration maxAge) {
    public static final RightsLimits USUAL = new RightsLimits(Duration.ofSeconds(1), Duration.ofSeconds(5));

    public RightsLimits {
        requireNonNull(poll, "poll is null");
        requireNonNull(maxAge, "maxAge is null");
        if (maxAge.compareTo(poll) <= 0) {
            throw new IllegalArgumentException("maxAge must be more than poll");
        }
    }
}
