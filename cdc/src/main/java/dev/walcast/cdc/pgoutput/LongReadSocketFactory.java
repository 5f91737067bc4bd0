package dev.walcast.cdc.pgoutput;

import dev.walcast.cdc.source.connection.ReaderSocketFactory;
import java.net.Socket;
import java.net.SocketException;

/// Makes the JDBC driver wait where it would poll. The driver creates it by its class name, so it is public.
///
/// The driver has two ways to read: it waits for a message without end and does nothing else, or it reads with
/// a timeout of a millisecond. With these sockets that timeout is [#PATIENCE_MILLIS]. A message still arrives
/// at once, and in between the reading thread can send its status, or end.
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
