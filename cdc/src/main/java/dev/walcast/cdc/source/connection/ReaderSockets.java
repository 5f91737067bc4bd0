package dev.walcast.cdc.source.connection;

import java.io.IOException;
import java.net.Socket;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// The sockets that a reader opens for one reading, all of which another thread can close at once. A thread that
/// waits for one of them, in whatever library, then gets an error at once. Safe for any thread.
///
/// A socket factory of the user's own, given in the database's URL, wins. Its sockets are not known here, and only
/// timeouts end a wait for them.
public final class ReaderSockets implements AutoCloseable {
    /// By name, those that are not closed. The JDBC driver makes a socket factory by the name of its class, and
    /// Debezium hands on nothing but texts. So a name is all that a factory can be given to find its owner. This is
    /// the only reason for a static map; each reading removes its own entry.
    private static final Map<String, ReaderSockets> OPEN = new ConcurrentHashMap<>();

    private final String name = UUID.randomUUID().toString();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    public ReaderSockets() {
        OPEN.put(name, this);
    }

    /// Makes the JDBC driver open its socket here, unless the properties name another factory.
    ///
    /// @param prefix what the names of the driver's properties begin with
    public void addTo(Properties properties, String prefix, Class<? extends ReaderSocketFactory> factory) {
        if (properties.putIfAbsent(prefix + "socketFactory", factory.getName()) == null) {
            properties.setProperty(prefix + "socketFactoryArg", name);
        }
    }

    /// @throws IOException when the reading that the socket is for is over
    static Socket opened(String name, Socket socket) throws IOException {
        ReaderSockets owner = OPEN.get(name);
        if (owner == null || !owner.tryAdd(socket)) {
            socket.close();
            throw new IOException("the reading that this connection is for is over");
        }
        return socket;
    }

    private boolean tryAdd(Socket socket) {
        sockets.removeIf(Socket::isClosed);
        sockets.add(socket);
        return !cut;
    }

    /// Closes every socket, and every one that is opened after this.
    public void cut() {
        cut = true;
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException _) {
                // It was broken already.
            }
        }
    }

    /// The reading is over: what is left of it can no longer speak to Postgres.
    @Override
    public void close() {
        OPEN.remove(name);
        cut();
    }
}
