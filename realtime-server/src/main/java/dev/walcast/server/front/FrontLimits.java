package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.SocketLimits;
import java.time.Duration;

/// The limits of connections before they are sockets or streams.
///
/// @param connectionsMax  how many may be open at once; some more are accepted to answer health probes
/// @param waitingMax      how many may wait for their client at once; beyond that the oldest are closed
/// @param perAddressMax   how many of one address may be open at once; 0 for no limit
/// @param proxies         proxies that are trusted to name the client's address
/// @param requestTimeout  how long a request's head may take
/// @param keepAlive       how long a connection may wait for its next request
/// @param writeTimeout    how long a client may take to accept one write
public record FrontLimits(
        int connectionsMax,
        int waitingMax,
        int perAddressMax,
        TrustedProxies proxies,
        Duration requestTimeout,
        Duration keepAlive,
        Duration writeTimeout) {
    /// For requests that open no socket, and for those that wait for their refusal.
    private static final int BESIDE_SOCKETS = 1_000;

    public FrontLimits {
        if (Math.min(connectionsMax, waitingMax) < 1 || perAddressMax < 0) {
            throw new IllegalArgumentException("connectionsMax or waitingMax is below 1, or perAddressMax below 0");
        }
        requireNonNull(proxies, "proxies is null");
        requireNonNull(requestTimeout, "requestTimeout is null");
        requireNonNull(keepAlive, "keepAlive is null");
        requireNonNull(writeTimeout, "writeTimeout is null");
    }

    /// The limits that a server with these settings needs: a place for each socket, and some for other requests.
    public static FrontLimits of(SocketLimits sockets, AddressLimits addresses) {
        return new FrontLimits(
                sockets.socketsMax() + BESIDE_SOCKETS,
                BESIDE_SOCKETS,
                addresses.connectionsMax(),
                addresses.proxies(),
                sockets.requestTimeout(),
                addresses.keepAlive(),
                sockets.writeTimeout());
    }

    /// The same limits with fewer connections.
    FrontLimits withConnections(int max) {
        return new FrontLimits(max, waitingMax, perAddressMax, proxies, requestTimeout, keepAlive, writeTimeout);
    }
}
