package dev.walcast.server.settings;

import static dev.walcast.server.settings.LimitOptions.check;

import dev.walcast.server.acks.AckLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The settings of acknowledged changes.
final class AckOptions {
    @Option(
            names = "--max-cursors",
            paramLabel = "COUNT",
            defaultValue = "10000",
            description = "How many bindings with `ack` are remembered. The least recently used are forgotten first.")
    private int maxCursors;

    @Option(
            names = "--cursor-retention",
            paramLabel = "TIME",
            defaultValue = "72h",
            description = "How long acknowledgements are remembered after the client's last use.")
    private Duration cursorRetention = Duration.ZERO;

    AckLimits limits() {
        return new AckLimits(maxCursors, cursorRetention);
    }

    List<String> problems() {
        List<String> problems = new ArrayList<>();
        check(problems, maxCursors >= 1 && maxCursors <= 1_000_000, "MAX_CURSORS must be between 1 and 1000000.");
        check(problems, cursorRetention.toSeconds() >= 1, "CURSOR_RETENTION must be at least 1s.");
        return problems;
    }
}
