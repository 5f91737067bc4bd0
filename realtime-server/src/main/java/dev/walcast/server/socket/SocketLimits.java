package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// @param outboxBytesMax  what may wait for one slow client
/// @param writeTimeout    how long one write may take
/// @param idleTimeout     how long a client may be silent; it is pinged after half of it
/// @param messageBytesMax of one message from a client
/// @param refusalDelay    how long a refused upgrade waits for its answer
public record SocketLimits(
        long outboxBytesMax, Duration writeTimeout, Duration idleTimeout, int messageBytesMax, Duration refusalDelay) {
    public SocketLimits {
        requireNonNull(writeTimeout, "writeTimeout is null");
        requireNonNull(idleTimeout, "idleTimeout is null");
        requireNonNull(refusalDelay, "refusalDelay is null");
    }
}
