package dev.walcast.server.settings;

import dev.walcast.server.limits.ReplayLimits;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The settings of the replay window.
final class ReplayOptions {
    @Option(
            names = "--restart-hold",
            paramLabel = "TIME",
            defaultValue = "10s",
            description =
                    "How long after a restart clients that name no position receive what was committed meanwhile.")
    private Duration restartHold = Duration.ZERO;

    @Option(
            names = "--replay-memory",
            paramLabel = "SIZE",
            defaultValue = "64MiB",
            description = "How much memory recent changes may use, kept for clients that reconnect; 0 keeps none.")
    private ByteSize replayMemory = new ByteSize(0);

    @Option(
            names = "--replay-window",
            paramLabel = "TIME",
            defaultValue = "5m",
            description = "How long a change is kept for clients that reconnect, within REPLAY_MEMORY and REPLAY_WAL.")
    private Duration replayWindow = Duration.ZERO;

    @Option(
            names = "--replay-wal",
            paramLabel = "SIZE",
            defaultValue = "1GiB",
            description =
                    "How much write-ahead log Postgres may keep for clients that reconnect. Above it, the oldest changes are dropped.")
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
