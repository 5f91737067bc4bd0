package dev.walcast.server.admin;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.slot.SlotHealth;
import dev.walcast.server.window.FeedStatus;
import java.time.Duration;

/// The feed of a server at one moment.
///
/// @param reader      `debezium` or `native`
/// @param readerState as the metric `walcast_feed_state` spells it
/// @param lag         the age of the oldest change that may not be delivered
public record StatusReport(
        String reader, String readerState, String slotName, SlotHealth slot, FeedStatus feed, Duration lag) {
    public StatusReport {
        requireNonNull(reader, "reader is null");
        requireNonNull(readerState, "readerState is null");
        requireNonNull(slotName, "slotName is null");
        requireNonNull(slot, "slot is null");
        requireNonNull(feed, "feed is null");
        requireNonNull(lag, "lag is null");
    }
}
