package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// Everything a server is told at its start; nothing changes afterwards.
///
/// @param database    which database, and what of it
/// @param jwtSecret   signs and verifies HS256 tokens
/// @param host        the address to listen on
/// @param port        0 picks a free one
/// @param restartHold how long changes committed while the server was down wait for clients to come back
public record ServerSettings(
        Database database, Secret jwtSecret, String host, int port, Duration restartHold, Limits limits) {
    public ServerSettings {
        requireNonNull(database, "database is null");
        requireNonNull(jwtSecret, "jwtSecret is null");
        requireNonNull(host, "host is null");
        requireNonNull(restartHold, "restartHold is null");
        requireNonNull(limits, "limits is null");
    }

    /// @param url                    `postgres://user:password@host:port/database`; holds the password
    /// @param pollInterval           how often the reader looks for changes: the floor of latency against idle CPU
    /// @param transactionMemoryBytes beyond which a transaction under way is spilled to a temporary file
    public record Database(
            Secret url, String publication, String slotName, Duration pollInterval, long transactionMemoryBytes) {
        public Database {
            requireNonNull(url, "url is null");
            requireNonNull(publication, "publication is null");
            requireNonNull(slotName, "slotName is null");
            requireNonNull(pollInterval, "pollInterval is null");
        }
    }

    /// @param outboxBytesMax  what may wait for one slow client before it is disconnected
    /// @param writeTimeout    how long one write to a socket may take
    /// @param idleTimeout     how long a socket may be silent
    /// @param joinErrorDelay  how long a refused join waits for its answer, against retry storms
    /// @param refusalDelay    how long a refused connection waits for its answer
    /// @param payloadBytesMax of one broadcast
    /// @param frameBytesMax   of one WebSocket message
    /// @param channelsMax     on one socket
    /// @param recordBytesMax  of one change; beyond it only small values are sent
    public record Limits(
            long outboxBytesMax,
            Duration writeTimeout,
            Duration idleTimeout,
            Duration joinErrorDelay,
            Duration refusalDelay,
            int payloadBytesMax,
            int frameBytesMax,
            int channelsMax,
            int recordBytesMax) {
        public static final Limits DEFAULT = new Limits(
                32L << 20,
                Duration.ofSeconds(10),
                Duration.ofSeconds(60),
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                3_000_500,
                5_000_000,
                100,
                1 << 20);

        public Limits {
            requireNonNull(writeTimeout, "writeTimeout is null");
            requireNonNull(idleTimeout, "idleTimeout is null");
            requireNonNull(joinErrorDelay, "joinErrorDelay is null");
            requireNonNull(refusalDelay, "refusalDelay is null");
        }
    }
}
