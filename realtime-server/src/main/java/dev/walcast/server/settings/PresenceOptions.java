package dev.walcast.server.settings;

import dev.walcast.server.presence.PresenceLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The settings of presence.
final class PresenceOptions {
    @Option(
            names = "--presence-flush",
            paramLabel = "TIME",
            defaultValue = "20ms",
            description =
                    "How long changes of presence are collected into one message; 0ms sends each change by itself.")
    private Duration flush = Duration.ZERO;

    @Option(
            names = "--presence-grace",
            paramLabel = "TIME",
            defaultValue = "0s",
            description = "How long a client whose connection was lost stays present, so that a reconnect within that"
                    + " time causes no leave and join.")
    private Duration grace = Duration.ZERO;

    @Option(
            names = "--max-presences",
            paramLabel = "COUNT",
            defaultValue = "10000",
            description = "How many presences one topic may have, of all its clients.")
    private int maxPresences;

    @Option(
            names = "--max-presence-size",
            paramLabel = "SIZE",
            defaultValue = "8MiB",
            description = "How large all presences of one topic may be together; a message may hold twice that.")
    private ByteSize maxPresenceSize = new ByteSize(0);

    @Option(
            names = "--presence-enabled",
            paramLabel = "BOOLEAN",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            description =
                    "Whether every channel has presence, also for clients that do not ask for it, because older clients"
                            + " cannot ask: true or false.")
    private boolean enabled;

    PresenceLimits limits() {
        return new PresenceLimits(flush, grace, maxPresences, maxPresenceSize.bytes(), enabled);
    }

    List<String> problems(ByteSize outbox) {
        List<String> problems = new ArrayList<>();
        if (flush.toSeconds() >= 10) {
            problems.add("PRESENCE_FLUSH must be shorter than 10s.");
        }
        if (grace.toMinutes() >= 60) {
            problems.add("PRESENCE_GRACE must be shorter than 1h.");
        }
        if (maxPresences < 1) {
            problems.add("MAX_PRESENCES must be at least 1.");
        }
        if (maxPresenceSize.bytes() < 1024 || maxPresenceSize.bytes() > outbox.bytes() / 2) {
            problems.add("MAX_PRESENCE_SIZE must be at least 1KiB and at most half of OUTBOX.");
        }
        return problems;
    }
}
