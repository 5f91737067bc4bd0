package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What a socket and its channels may do.
///
/// @param upgradeRefusalDelay how long a refused upgrade waits for its response, against retry storms
/// @param joinRefusalDelay    how long a refused join waits for its reply; the socket itself does not wait
/// @param requestTimeout      how long a connection may take to send the head of its first request
/// @param idleTimeout         how long a socket may be silent before it is closed; it is pinged after half of it
/// @param writeTimeout        how long a socket may take to accept one write
/// @param closeTimeout        how long a closing socket may take to finish
/// @param outboxBytesMax      bytes that may wait to be written to one socket
/// @param messageBytesMax     bytes of one inbound message with all its fragments
/// @param payloadBytesMax     bytes of the payload of one broadcast
/// @param socketsMax          sockets open at once
/// @param channelsMax         channels of one socket
/// @param bindingsMax         `postgres_changes` entries of one channel
/// @param joinBytesMax        bytes of the payload of one join, and of one new token
/// @param clients             what clients may do on their channels
public record SocketLimits(
        Duration upgradeRefusalDelay,
        Duration joinRefusalDelay,
        Duration requestTimeout,
        Duration idleTimeout,
        Duration writeTimeout,
        Duration closeTimeout,
        long outboxBytesMax,
        int messageBytesMax,
        int payloadBytesMax,
        int socketsMax,
        int channelsMax,
        int bindingsMax,
        int joinBytesMax,
        ClientLimits clients) {
    public SocketLimits {
        requireNonNull(upgradeRefusalDelay, "upgradeRefusalDelay is null");
        requireNonNull(joinRefusalDelay, "joinRefusalDelay is null");
        requirePositive(requestTimeout, "requestTimeout");
        requirePositive(idleTimeout, "idleTimeout");
        requirePositive(writeTimeout, "writeTimeout");
        requirePositive(closeTimeout, "closeTimeout");
        requireNonNull(clients, "clients is null");
        if (Math.min(outboxBytesMax, Math.min(Math.min(messageBytesMax, joinBytesMax), payloadBytesMax)) < 1) {
            throw new IllegalArgumentException("a size limit is below 1 byte");
        }
        if (Math.min(socketsMax, Math.min(channelsMax, bindingsMax)) < 1) {
            throw new IllegalArgumentException("socketsMax, channelsMax or bindingsMax is below 1");
        }
    }

    public static SocketLimits defaults() {
        return new SocketLimits(
                Duration.ofSeconds(2),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                32L * 1024 * 1024,
                5_000_000,
                3_000_500,
                16_384,
                100,
                200,
                64 * 1024,
                ClientLimits.defaults());
    }

    private static void requirePositive(Duration duration, String name) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + " is not positive");
        }
    }
}
