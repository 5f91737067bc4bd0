package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.SocketLimits;
import java.time.Duration;

/// What connections are allowed before they are sockets or streams.
///
/// @param connectionsMax  open at once; some more are taken to answer health probes
/// @param waitingMax      that may wait for their client at once; beyond them the eldest are closed
/// @param perAddressMax   open at once of one address; 0 is without a limit
/// @param proxies         whose word on a client's address counts
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

    /// What a server with these limits needs: a place for each socket, and some for other requests.
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

    /// With fewer connections in all.
    FrontLimits withConnections(int max) {
        return new FrontLimits(max, waitingMax, perAddressMax, proxies, requestTimeout, keepAlive, writeTimeout);
    }
}
