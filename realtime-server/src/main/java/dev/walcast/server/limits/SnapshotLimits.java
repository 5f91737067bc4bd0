package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What reading the rows of bindings that begin with them may cost.
///
/// @param rows       of one snapshot
/// @param time       how long reading one may take
/// @param atOnce     how many are read at the same time, each over a connection of its own
/// @param chunkBytes how large a message of rows grows
public record SnapshotLimits(long rows, Duration time, int atOnce, int chunkBytes) {
    public SnapshotLimits {
        requireNonNull(time, "time is null");
    }

    public static SnapshotLimits defaults() {
        return new SnapshotLimits(100_000, Duration.ofSeconds(30), 4, 64 << 10);
    }
}
