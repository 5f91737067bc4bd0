package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;

/// The feed at one moment, for whoever watches it.
///
/// @param acknowledged the last transaction that the slot may pass
/// @param delivered    everything up to here was delivered
/// @param walEnd       where the log ended when it was last asked
/// @param transactions in the replay window
/// @param bytes        of the replay window
public record FeedStatus(String epoch, Lsn acknowledged, Lsn delivered, Lsn walEnd, int transactions, long bytes) {
    public FeedStatus {
        requireNonNull(epoch, "epoch is null");
        requireNonNull(acknowledged, "acknowledged is null");
        requireNonNull(delivered, "delivered is null");
        requireNonNull(walEnd, "walEnd is null");
    }

    /// How much log the slot retains, whatever it holds: it is no measure of what clients have not received.
    public long retainedBytes() {
        return Math.max(0, walEnd.value() - acknowledged.value());
    }
}
