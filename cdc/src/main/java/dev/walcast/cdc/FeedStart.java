package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// From where a feed goes on. Within one epoch positions of earlier servers stay valid; a new epoch says that
/// something may have been lost in between, or that this is another history.
///
/// @param epoch     [#EPOCH_LENGTH] hexadecimal digits
/// @param continued whether an earlier server's feed goes on here, so that its subscribers may come back
/// @param from      every transaction committed after this comes, also those that an earlier server delivered
/// @param delivered up to here an earlier server had handed everything to its subscribers; not before `from`
/// @param reach     the end of the log at the start: once a transaction behind it came, all earlier ones did
public record FeedStart(String epoch, boolean continued, Lsn from, Lsn delivered, Lsn reach) {
    public static final int EPOCH_LENGTH = 12;

    public FeedStart {
        if (epoch.length() != EPOCH_LENGTH) {
            throw new IllegalArgumentException("not an epoch: " + epoch);
        }
        requireNonNull(from, "from is null");
        requireNonNull(delivered, "delivered is null");
        requireNonNull(reach, "reach is null");
    }
}
