package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How often presence is published, and how much of it a topic may hold.
///
/// @param flush     the shortest time between two diffs of a topic; changes in between are sent as one diff. Zero
///                  sends every change by itself
/// @param grace     how long a member whose socket was lost stays, so that a reconnect causes no leave and join
/// @param metasMax  number of tracked objects of a topic
/// @param bytesMax  bytes of all tracked objects of a topic, with their keys
/// @param forAll    whether every channel has presence, also for older clients, which cannot ask for it
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
