package dev.walcast.cdc.slot;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A slot's state when it was last read.
///
/// @param walStatus from `pg_replication_slots`; null when there is no slot
/// @param retainedBytes the log that Postgres keeps for the slot, in bytes
/// @param lag       the age of the oldest heartbeat that the reader has not passed yet; zero when there is none
public record SlotHealth(@Nullable String walStatus, long retainedBytes, Duration lag) {
    static final SlotHealth UNKNOWN = new SlotHealth(null, 0, Duration.ZERO);
}
