package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// @param channelsMax     on one socket
/// @param payloadBytesMax of one broadcast
/// @param joinErrorDelay  how long a refused join waits for its answer
public record SessionLimits(int channelsMax, int payloadBytesMax, Duration joinErrorDelay) {
    public SessionLimits {
        requireNonNull(joinErrorDelay, "joinErrorDelay is null");
    }
}
