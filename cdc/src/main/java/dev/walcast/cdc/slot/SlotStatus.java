package dev.walcast.cdc.slot;

import dev.walcast.cdc.Lsn;
import org.jspecify.annotations.Nullable;

/// What Postgres says about a slot.
///
/// @param pid       of the walsender that reads it; null while nobody does
/// @param decoding  whether that walsender is at work, and not waiting for more log or for its reader
/// @param walStatus `reserved`, `extended`, `unreserved` or `lost`; null for a slot that reserves nothing yet
/// @param confirmed up to where the reader has acknowledged
/// @param retainedBytes the log written since then, all of which Postgres keeps, whatever it holds
/// @param safeBytes how much more may be written before the slot is in danger; null where there is no such limit
record SlotStatus(
        @Nullable Integer pid,
        boolean decoding,
        @Nullable String walStatus,
        Lsn confirmed,
        long retainedBytes,
        @Nullable Long safeBytes) {}
