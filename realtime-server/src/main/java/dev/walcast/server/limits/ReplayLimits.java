package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// How much of the past is at hand for clients that come back.
///
/// @param memoryBytes of changes and their encodings; 0 keeps none
/// @param age         how long a change is kept at most
/// @param walBytes    how much log may be kept for it
/// @param restartHold how long after a restart what was committed meanwhile waits for clients to come back
/// @param snapshots   what reading rows for clients that begin anew may cost
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
