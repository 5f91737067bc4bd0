package dev.walcast.server.settings;

import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.server.RightsSettings;
import dev.walcast.server.delivery.PendingLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The settings of rights, and of changes that wait for them.
final class RightsOptions {
    private static final Duration TIME_MAX = Duration.ofMinutes(10);
    private static final long DELETE_KEYS_MIN = 64L << 10;
    private static final long DELETE_KEYS_MAX = 16L << 30;

    @Option(
            names = "--rights-poll",
            paramLabel = "TIME",
            defaultValue = "1s",
            description =
                    "How often rights and policies are read again. Changes of a table's own rights are read from the"
                            + " log and take effect at once. This finds other changes: memberships of roles, functions.")
    private Duration rightsPoll = Duration.ZERO;

    @Option(
            names = "--rights-max-age",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "How long rights are used that Postgres does not confirm. Then changes of the tables"
                    + " concerned are held.")
    private Duration rightsMaxAge = Duration.ZERO;

    @Option(
            names = "--held-changes",
            paramLabel = "COUNT",
            defaultValue = "20000",
            description =
                    "How many changes of one table may wait for its rights or for answers to its policies. Above it,"
                            + " changes are dropped, and the subscriptions concerned receive `reset`.")
    private int heldChanges;

    @Option(
            names = "--held-time",
            paramLabel = "TIME",
            defaultValue = "30s",
            description =
                    "How long a change may wait for rights or for answers to policies. Then it is dropped, and the"
                            + " subscriptions concerned receive `reset`.")
    private Duration heldTime = Duration.ZERO;

    @Option(
            names = "--delete-keys-memory",
            paramLabel = "SIZE",
            defaultValue = "16MiB",
            description =
                    "How much memory keys of delivered rows may use. They are kept to deliver DELETEs where policies read columns"
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
