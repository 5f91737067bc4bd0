package dev.walcast.cdc.slot;

import dev.walcast.cdc.Lsn;
import org.jspecify.annotations.Nullable;

/// A slot's row in `pg_replication_slots`, with the state of its walsender.
///
/// @param pid       of the walsender that reads it; null when none does
/// @param decoding  whether that walsender is working, and waits neither for more log nor for its reader
/// @param walStatus `reserved`, `extended`, `unreserved` or `lost`; null for a slot that reserves nothing yet
/// @param confirmed the position up to which the reader has acknowledged
/// @param retainedBytes the bytes of log written since then, all of which Postgres keeps
/// @param safeBytes how many more bytes may be written before the slot is in danger; null when there is no
///                  limit
record SlotStatus(
        @Nullable Integer pid,
        boolean decoding,
        @Nullable String walStatus,
        Lsn confirmed,
        long retainedBytes,
        @Nullable Long safeBytes) {}
