package dev.walcast.cdc.pgoutput;

import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.SocketFactory;

/// Turns the JDBC driver's polling into waiting. Registered by name, hence public.
///
/// The driver can only wait for a message without end, deaf to everything else, or look for one with a read that times
/// out after a millisecond. Over these sockets that read lasts up to [#PATIENCE_MILLIS]: a message still comes
/// at once, and in between whoever reads can say what is handled, and end.
public final class PatientSocketFactory extends SocketFactory {
    static final int PATIENCE_MILLIS = 200;

    private static final int LOOK_MILLIS = 1;

    @Override
    public Socket createSocket() {
        return new PatientSocket();
    }

    private static final class PatientSocket extends Socket {
        @Override
        public void setSoTimeout(int millis) throws SocketException {
            super.setSoTimeout(millis == LOOK_MILLIS ? PATIENCE_MILLIS : millis);
        }
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw connected();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        throw connected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw connected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
        throw connected();
    }

    private static UnsupportedOperationException connected() {
        return new UnsupportedOperationException("the driver connects the socket itself");
    }
}
