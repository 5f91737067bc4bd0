package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// The position from which a feed continues. Within one epoch, positions of earlier servers stay valid. A new
/// epoch means that changes may be missing in between, or that the database has another history.
///
/// @param epoch     [#EPOCH_LENGTH] hexadecimal digits
/// @param continued whether an earlier server's feed continues here, so that its subscribers may resume
/// @param from      every transaction committed after this position is delivered, including those that an
///                  earlier server delivered
/// @param delivered an earlier server had delivered everything up to this position; not before `from`
/// @param reach     the end of the log at the start; a later transaction shows that all earlier ones were
///                  delivered
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
