package dev.walcast.server.settings;

import dev.walcast.server.limits.SnapshotLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The settings of snapshots.
final class SnapshotOptions {
    private static final long CHUNK_BYTES_MIN = 1 << 10;

    @Option(
            names = "--snapshot-rows",
            paramLabel = "COUNT",
            defaultValue = "100000",
            description = "How many rows a snapshot of a binding may have; a larger one is refused.")
    private long snapshotRows;

    @Option(
            names = "--snapshot-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "How long reading one snapshot may take; a slow client may use a quarter of it.")
    private Duration snapshotTimeout = Duration.ZERO;

    @Option(
            names = "--snapshots-at-once",
            paramLabel = "COUNT",
            defaultValue = "4",
            description = "How many snapshots are read at the same time, each on its own connection; others wait.")
    private int snapshotsAtOnce;

    @Option(
            names = "--snapshot-chunk",
            paramLabel = "SIZE",
            defaultValue = "64KiB",
            description = "How large a message with rows of a snapshot may grow.")
    private ByteSize snapshotChunk = new ByteSize(0);

    SnapshotLimits limits() {
        return new SnapshotLimits(
                snapshotRows, snapshotTimeout, snapshotsAtOnce, Math.toIntExact(snapshotChunk.bytes()));
    }

    List<String> problems(ByteSize outbox) {
        List<String> problems = new ArrayList<>();
        LimitOptions.check(
                problems,
                snapshotRows >= 1 && snapshotRows <= 100_000_000,
                "SNAPSHOT_ROWS must be between 1 and 100000000.");
        LimitOptions.check(problems, snapshotTimeout.toMillis() >= 10, "SNAPSHOT_TIMEOUT must be at least 10ms.");
        LimitOptions.check(
                problems,
                snapshotsAtOnce >= 1 && snapshotsAtOnce <= 100,
                "SNAPSHOTS_AT_ONCE must be between 1 and 100.");
        LimitOptions.check(
                problems,
                snapshotChunk.bytes() >= CHUNK_BYTES_MIN && snapshotChunk.bytes() <= outbox.bytes() / 16,
                "SNAPSHOT_CHUNK must be at least 1KiB and at most a sixteenth of OUTBOX.");
        return problems;
    }
}
