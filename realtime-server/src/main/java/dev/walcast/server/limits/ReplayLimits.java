package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How much of the past the server keeps for clients that reconnect.
///
/// @param memoryBytes memory of changes and their encodings; 0 keeps none
/// @param age         how long a change is kept at most
/// @param walBytes    how much log Postgres may retain for it
/// @param restartHold how long changes committed during a restart wait for clients to reconnect
/// @param snapshots   limits of reading rows for clients that begin with a snapshot
public record ReplayLimits(
        long memoryBytes, Duration age, long walBytes, Duration restartHold, SnapshotLimits snapshots) {
    public ReplayLimits {
        requireNonNull(age, "age is null");
        requireNonNull(restartHold, "restartHold is null");
        requireNonNull(snapshots, "snapshots is null");
    }

    public ReplayLimits(long memoryBytes, Duration age, long walBytes, Duration restartHold) {
        this(memoryBytes, age, walBytes, restartHold, SnapshotLimits.defaults());
    }
}
