package dev.walcast.server.health;

import java.util.stream.Stream;

/// A part of the server that reports its own health. Several parts may report the same reason.
@FunctionalInterface
public interface HealthSource {
    /// The reasons that hold now; empty when all is well. Called for each request to `/readyz`, by any thread, so it
    /// answers from memory and never blocks.
    Stream<HealthReason> reasons();
}
