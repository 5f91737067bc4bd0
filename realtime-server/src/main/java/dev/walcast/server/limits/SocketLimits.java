package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What a socket and its channels are allowed.
///
/// @param upgradeRefusalDelay how long a refused upgrade waits for its answer, against retry storms
/// @param joinRefusalDelay    how long a refused join waits for its answer; the socket does not wait with it
/// @param requestTimeout      a connection that has not sent the head of its first request by then is cut
/// @param idleTimeout         a socket that sends nothing for this long is closed; it is pinged after half of it
/// @param writeTimeout        a socket that takes longer to accept one write is cut
/// @param closeTimeout        how long a closing socket may take to finish
/// @param outboxBytesMax      what may wait to be written to one socket
/// @param messageBytesMax     one inbound message, all its fragments together
/// @param payloadBytesMax     the payload of one broadcast
/// @param socketsMax          sockets open at once
/// @param channelsMax         channels on one socket
/// @param bindingsMax         `postgres_changes` entries of one channel
/// @param joinBytesMax        the payload of one join, and of one new token
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
