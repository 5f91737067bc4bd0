package dev.walcast.server.settings;

import dev.walcast.server.limits.ReplayLimits;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// How much of the past is at hand for clients that come back.
final class ReplayOptions {
    @Option(
            names = "--restart-hold",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How long after a restart clients that name no position get what was committed meanwhile.")
    private Duration restartHold = Duration.ZERO;

    @Option(
            names = "--replay-memory",
            paramLabel = "SIZE",
            defaultValue = "64MiB",
            description = "Recent changes kept in memory for clients that come back; 0 keeps none.")
    private ByteSize replayMemory = new ByteSize(0);

    @Option(
            names = "--replay-window",
            paramLabel = "TIME",
            defaultValue = "5m",
            description = "How long a change is kept for clients that come back, memory and log permitting.")
    private Duration replayWindow = Duration.ZERO;

    @Option(
            names = "--replay-wal",
            paramLabel = "SIZE",
            defaultValue = "1GiB",
            description = "How much write-ahead log Postgres may keep for it; beyond, the oldest changes are let go.")
    private ByteSize replayWal = new ByteSize(0);

    @Mixin
    private SnapshotOptions snapshots = new SnapshotOptions();

    ReplayLimits limits() {
        return new ReplayLimits(replayMemory.bytes(), replayWindow, replayWal.bytes(), restartHold, snapshots.limits());
    }

    List<String> problems(ByteSize outbox) {
        return snapshots.problems(outbox);
    }
}
