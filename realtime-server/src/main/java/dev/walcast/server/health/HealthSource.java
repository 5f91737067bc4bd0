package dev.walcast.server.health;

import java.util.stream.Stream;

/// A part of the server that reports its own health. Several parts may report the same reason.
@FunctionalInterface
public interface HealthSource {
    /// The reasons that apply now; empty when all is well. Called by any thread for each request to `/readyz`, so it
    /// must answer from memory and not block.
    Stream<HealthReason> reasons();
}
