package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// The limits of reading the rows of bindings that begin with a snapshot.
///
/// @param rows       of one snapshot
/// @param time       how long reading one may take
/// @param atOnce     how many are read at the same time, each on its own connection
/// @param chunkBytes the size of a message of rows
public record SnapshotLimits(long rows, Duration time, int atOnce, int chunkBytes) {
    public SnapshotLimits {
        requireNonNull(time, "time is null");
    }

    public static SnapshotLimits defaults() {
        return new SnapshotLimits(100_000, Duration.ofSeconds(30), 4, 64 << 10);
    }
}
