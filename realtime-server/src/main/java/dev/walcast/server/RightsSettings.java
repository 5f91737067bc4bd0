package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.server.delivery.PendingLimits;

/// How rights are kept up to date, and what may wait for them.
///
/// @param reading         how often rights are read, and how long they are used
/// @param pending         what may wait for rights and for answers of Postgres
/// @param deleteKeysBytes memory for the keys of delivered rows, which deliver their DELETEs; 0 remembers none
public record RightsSettings(RightsLimits reading, PendingLimits pending, long deleteKeysBytes) {
    public static final RightsSettings USUAL = new RightsSettings(RightsLimits.USUAL, PendingLimits.USUAL, 16L << 20);

    public RightsSettings {
        requireNonNull(reading, "reading is null");
        requireNonNull(pending, "pending is null");
        if (deleteKeysBytes < 0) {
            throw new IllegalArgumentException("deleteKeysBytes is negative");
        }
    }
}
