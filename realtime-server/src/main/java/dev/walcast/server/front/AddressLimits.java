package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What the connections of one client address may do.
///
/// @param connectionsMax how many may be open at once; 0 for no limit
/// @param keepAlive      how long one of its connections may wait for its next request, unless its place is needed
/// @param proxies        proxies that are trusted to name the client's address
public record AddressLimits(int connectionsMax, Duration keepAlive, TrustedProxies proxies) {
    /// Many users share the address of a company. With three such addresses full, a quarter of the default
    /// connections is still free.
    private static final int USUAL_MAX = 4_096;

    /// A load balancer or proxy keeps its connections for 60 s by default (AWS, nginx). It has to close them first: a
    /// request that it sends while the server closes the connection fails with 502.
    private static final Duration USUAL_KEEP_ALIVE = Duration.ofSeconds(75);

    public AddressLimits {
        if (connectionsMax < 0) {
            throw new IllegalArgumentException("connectionsMax is below 0");
        }
        if (!keepAlive.isPositive()) {
            throw new IllegalArgumentException("keepAlive is not positive");
        }
        requireNonNull(proxies, "proxies is null");
    }

    public static AddressLimits defaults() {
        return new AddressLimits(USUAL_MAX, USUAL_KEEP_ALIVE, TrustedProxies.none());
    }
}
