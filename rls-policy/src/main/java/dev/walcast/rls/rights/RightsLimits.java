package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How often rights are read again, and how long they may be used.
///
/// @param poll   the pause between two readings of all rights in use
/// @param maxAge how long rights are used that could not be confirmed; longer than `poll`
public record RightsLimits(Duration poll, Duration maxAge) {
    /// The defaults of the server.
    public static final RightsLimits USUAL = new RightsLimits(Duration.ofSeconds(1), Duration.ofSeconds(5));

    public RightsLimits {
        requireNonNull(poll, "poll is null");
        requireNonNull(maxAge, "maxAge is null");
        if (maxAge.compareTo(poll) <= 0) {
            throw new IllegalArgumentException("maxAge must be more than poll");
        }
    }
}
