package dev.walcast.server.front;

import io.helidon.common.socket.PeerInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Optional;

/// One end of a connection without a certificate.
record Peer(InetSocketAddress address) implements PeerInfo {
    /// Creates the peer for a client behind a trusted proxy. Its port is unknown.
    static Peer forwarded(InetAddress client) {
        return new Peer(new InetSocketAddress(client, 0));
    }

    @Override
    public String host() {
        return address.getAddress().getHostAddress();
    }

    @Override
    public int port() {
        return address.getPort();
    }

    @Override
    public Optional<Principal> tlsPrincipal() {
        return Optional.empty();
    }

    @Override
    public Optional<Certificate[]> tlsCertificates() {
        return Optional.empty();
    }
}
