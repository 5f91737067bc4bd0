package dev.walcast.server.front;

import dev.walcast.server.http.Grammar;
import dev.walcast.server.http.RequestHead;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The proxies that are trusted to name a client's address.
public final class TrustedProxies {
    private final List<AddressRange> networks;

    private TrustedProxies(List<AddressRange> networks) {
        this.networks = List.copyOf(networks);
    }

    public static TrustedProxies none() {
        return new TrustedProxies(List.of());
    }

    /// @param text addresses and ranges such as `10.0.0.0/8, fd00::/8`, separated by commas; may be blank
    /// @throws IllegalArgumentException when a part is neither; the message names the part
    public static TrustedProxies parse(String text) {
        List<AddressRange> networks = new ArrayList<>();
        if (!text.isBlank()) {
            for (String part : text.split(",", -1)) {
                networks.add(AddressRange.parse(part.strip())
                        .orElseThrow(() -> new IllegalArgumentException(
                                "`" + part.strip() + "` is neither an address nor a range such as 10.0.0.0/8")));
            }
        }
        return new TrustedProxies(networks);
    }

    boolean contains(InetAddress address) {
        return networks.stream().anyMatch(network -> network.contains(address));
    }

    /// Returns the client's address: the right-most one in `X-Forwarded-For`, or else in `Forwarded`, that is not a
    /// proxy's. Addresses left of it may be forged.
    ///
    /// @param peer the other end of the connection
    InetAddress client(InetAddress peer, RequestHead head) {
        if (!contains(peer)) {
            return peer;
        }
        List<String> hops = head.joined("x-forwarded-for")
                .map(list -> List.of(list.split(",", -1)))
                .or(() -> head.joined("forwarded").map(TrustedProxies::forwarded))
                .orElse(List.of());
        InetAddress nearest = peer;
        for (String hop : hops.reversed()) {
            Optional<InetAddress> address = hop(hop);
            if (address.isEmpty()) {
                return nearest;
            }
            nearest = address.get();
            if (!contains(nearest)) {
                return nearest;
            }
        }
        return nearest;
    }

    private static List<String> forwarded(String list) {
        List<String> hops = new ArrayList<>();
        for (String element : list.split(",", -1)) {
            String hop = "";
            for (String pair : element.split(";", -1)) {
                String trimmed = Grammar.trim(pair);
                if (trimmed.regionMatches(true, 0, "for=", 0, 4)) {
                    hop = trimmed.substring(4).replace("\"", "");
                }
            }
            hops.add(hop);
        }
        return hops;
    }

    /// Parses an address with or without a port.
    private static Optional<InetAddress> hop(String text) {
        String host = Grammar.trim(text);
        int colon = host.lastIndexOf(':');
        if (host.startsWith("[")) {
            int end = host.indexOf(']');
            host = end < 0 ? "" : host.substring(1, end);
        } else if (colon >= 0 && host.indexOf(':') == colon) {
            host = host.substring(0, colon);
        }
        return AddressRange.address(host);
    }
}
