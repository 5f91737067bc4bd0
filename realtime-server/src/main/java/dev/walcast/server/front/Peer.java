package dev.walcast.server.front;

import io.helidon.common.socket.PeerInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Optional;

/// One end of a connection that has no certificate.
record Peer(InetSocketAddress address) implements PeerInfo {
    /// A client behind a trusted proxy; its port is not known.
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
