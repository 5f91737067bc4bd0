package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How presence is spread, and how much of it one room may hold.
///
/// @param flush     the shortest time between two diffs of a room; what happens in between is sent as one. Nothing:
///                  every change is sent by itself
/// @param grace     how long a member whose socket is lost stays, so that coming back is no leave and join
/// @param metasMax  tracked objects of one room
/// @param bytesMax  all tracked objects of one room together, with their keys
/// @param forAll    whether every channel has presence, asked for or not: older clients have no word for asking
public record PresenceLimits(Duration flush, Duration grace, int metasMax, long bytesMax, boolean forAll) {
    public PresenceLimits {
        requireNonNull(flush, "flush is null");
        requireNonNull(grace, "grace is null");
        if (flush.isNegative() || grace.isNegative()) {
            throw new IllegalArgumentException("flush or grace is negative");
        }
        if (Math.min(metasMax, bytesMax) < 1) {
            throw new IllegalArgumentException("metasMax or bytesMax is below 1");
        }
    }

    public static PresenceLimits defaults() {
        return new PresenceLimits(Duration.ofMillis(20), Duration.ZERO, 10_000, 8L * 1024 * 1024, false);
    }
}
