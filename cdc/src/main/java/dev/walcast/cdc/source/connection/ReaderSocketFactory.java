package dev.walcast.cdc.source.connection;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.SocketFactory;

/// Opens sockets that belong to a [ReaderSockets]. The JDBC driver creates it by its class name, so it is
/// public.
public class ReaderSocketFactory extends SocketFactory {
    private final String owner;

    /// @param owner the name of the [ReaderSockets]
    public ReaderSocketFactory(String owner) {
        this.owner = requireNonNull(owner, "owner is null");
    }

    @Override
    public final Socket createSocket() throws IOException {
        return ReaderSockets.opened(owner, unconnected());
    }

    protected Socket unconnected() {
        return new Socket();
    }

    @Override
    public final Socket createSocket(String host, int port) {
        throw connected();
    }

    @Override
    public final Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        throw connected();
    }

    @Override
    public final Socket createSocket(InetAddress host, int port) {
        throw connected();
    }

    @Override
    public final Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
        throw connected();
    }

    private static UnsupportedOperationException connected() {
        return new UnsupportedOperationException("the driver connects the socket itself");
    }
}
