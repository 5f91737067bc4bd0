package dev.walcast.cdc.slot;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a slot was when it was last looked at.
///
/// @param walStatus what `pg_replication_slots` says; null when there is no slot
/// @param retainedBytes log that Postgres keeps for the slot, of all databases, tables and kinds
/// @param lag       the age of the oldest heartbeat that the reader has not passed yet; zero when there is none
public record SlotHealth(@Nullable String walStatus, long retainedBytes, Duration lag) {
    static final SlotHealth UNKNOWN = new SlotHealth(null, 0, Duration.ZERO);
}
