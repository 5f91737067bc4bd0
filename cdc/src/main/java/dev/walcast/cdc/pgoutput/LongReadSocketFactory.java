package dev.walcast.cdc.pgoutput;

import dev.walcast.cdc.source.connection.ReaderSocketFactory;
import java.net.Socket;
import java.net.SocketException;

/// Turns the JDBC driver's polling into waiting. Made by name by the driver, hence public.
///
/// The driver can only wait for a message without end, deaf to everything else, or look for one with a read that times
/// out after a millisecond. Over these sockets that read lasts up to [#PATIENCE_MILLIS]: a message still comes
/// at once, and in between whoever reads can say what is handled, and end.
public final class LongReadSocketFactory extends ReaderSocketFactory {
    static final int PATIENCE_MILLIS = 200;

    private static final int LOOK_MILLIS = 1;

    /// @param owner as in [ReaderSocketFactory]
    public LongReadSocketFactory(String owner) {
        super(owner);
    }

    @Override
    protected Socket unconnected() {
        return new PatientSocket();
    }

    private static final class PatientSocket extends Socket {
        @Override
        public void setSoTimeout(int millis) throws SocketException {
            super.setSoTimeout(millis == LOOK_MILLIS ? PATIENCE_MILLIS : millis);
        }
    }
}
