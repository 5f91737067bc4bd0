package dev.walcast.server.settings;

import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.server.RightsSettings;
import dev.walcast.server.delivery.PendingLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// How rights are kept up to date, and what may wait for them.
final class RightsOptions {
    private static final Duration TIME_MAX = Duration.ofMinutes(10);
    private static final long DELETE_KEYS_MIN = 64L << 10;
    private static final long DELETE_KEYS_MAX = 16L << 30;

    @Option(
            names = "--rights-poll",
            paramLabel = "TIME",
            defaultValue = "1s",
            description =
                    "How often rights and policies are read again. Changes of a table's own rights are found in the"
                            + " log and take effect at once; this finds the others: memberships of roles, functions.")
    private Duration rightsPoll = Duration.ZERO;

    @Option(
            names = "--rights-max-age",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "For how long rights that Postgres does not confirm are used; then changes of the tables"
                    + " concerned are held.")
    private Duration rightsMaxAge = Duration.ZERO;

    @Option(
            names = "--held-changes",
            paramLabel = "COUNT",
            defaultValue = "20000",
            description =
                    "How many changes of one table may wait for its rights or for answers to its policies. Beyond,"
                            + " they are dropped, and the subscriptions concerned are told `reset`.")
    private int heldChanges;

    @Option(
            names = "--held-time",
            paramLabel = "TIME",
            defaultValue = "30s",
            description =
                    "How long a change may wait for rights or for answers to policies. Then it is dropped, and the"
                            + " subscriptions concerned are told `reset`.")
    private Duration heldTime = Duration.ZERO;

    @Option(
            names = "--delete-keys-memory",
            paramLabel = "SIZE",
            defaultValue = "16MiB",
            description = "Keys of delivered rows, kept so that their DELETEs can be told where policies read columns"
                    + " that a DELETE does not carry; 0 keeps none.")
    private ByteSize deleteKeysMemory = new ByteSize(0);

    RightsSettings settings() {
        return new RightsSettings(
                new RightsLimits(rightsPoll, rightsMaxAge),
                new PendingLimits(heldChanges, heldTime),
                deleteKeysMemory.bytes());
    }

    List<String> problems() {
        List<String> problems = new ArrayList<>();
        LimitOptions.check(
                problems,
                rightsPoll.toMillis() >= 50 && rightsPoll.compareTo(TIME_MAX) <= 0,
                "RIGHTS_POLL must be between 50ms and 10m.");
        LimitOptions.check(
                problems,
                rightsMaxAge.compareTo(rightsPoll.multipliedBy(2)) >= 0 && rightsMaxAge.compareTo(TIME_MAX) <= 0,
                "RIGHTS_MAX_AGE must be at least twice RIGHTS_POLL and at most 10m.");
        LimitOptions.check(
                problems,
                heldChanges >= 1 && heldChanges <= 10_000_000,
                "HELD_CHANGES must be between 1 and 10000000.");
        LimitOptions.check(
                problems,
                heldTime.toMillis() >= 100 && heldTime.compareTo(TIME_MAX) <= 0,
                "HELD_TIME must be between 100ms and 10m.");
        LimitOptions.check(
                problems,
                deleteKeysMemory.bytes() == 0
                        || (deleteKeysMemory.bytes() >= DELETE_KEYS_MIN && deleteKeysMemory.bytes() <= DELETE_KEYS_MAX),
                "DELETE_KEYS_MEMORY must be 0 or between 64KiB and 16GiB.");
        return problems;
    }
}
