package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

/// What one client address is allowed.
///
/// @param connectionsMax open at once; 0 is without a limit
/// @param proxies        whose word on a client's address counts
public record AddressLimits(int connectionsMax, TrustedProxies proxies) {
    /// Many users share the address of a company, and a quarter of all default connections is left to others even when
    /// three such addresses are full.
    private static final int USUAL_MAX = 4_096;

    public AddressLimits {
        if (connectionsMax < 0) {
            throw new IllegalArgumentException("connectionsMax is below 0");
        }
        requireNonNull(proxies, "proxies is null");
    }

    public static AddressLimits defaults() {
        return new AddressLimits(USUAL_MAX, TrustedProxies.none());
    }
}
