package dev.walcast.server.limits;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/// An address that counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which is what one client is
/// assigned.
///
/// @param text for comparison only
public record ClientAddress(String text) {
    private static final int NETWORK_BYTES = 8;

    public static ClientAddress of(InetAddress address) {
        return address instanceof Inet6Address
                ? new ClientAddress(HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES)))
                : new ClientAddress(address.getHostAddress());
    }
}
