package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;

/// The state of the feed at one moment, for monitoring.
///
/// @param acknowledged the last transaction that the slot may discard
/// @param delivered    everything up to this position was delivered
/// @param walEnd       the end of the log when it was last read
/// @param transactions number of transactions in the replay window
/// @param bytes        memory of the replay window
public record FeedStatus(String epoch, Lsn acknowledged, Lsn delivered, Lsn walEnd, int transactions, long bytes) {
    public FeedStatus {
        requireNonNull(epoch, "epoch is null");
        requireNonNull(acknowledged, "acknowledged is null");
        requireNonNull(delivered, "delivered is null");
        requireNonNull(walEnd, "walEnd is null");
    }

    /// How much log the slot retains. It does not measure what clients have not received.
    public long retainedBytes() {
        return Math.max(0, walEnd.value() - acknowledged.value());
    }
}
