package dev.walcast.cdc.source.connection;

import java.io.IOException;
import java.net.Socket;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// The sockets of one reading, which another thread can close all at once. A thread that waits for one of them,
/// in any library, then gets an error at once. Safe for any thread.
///
/// A socket factory in the database's URL has precedence. This class does not know its sockets, and only
/// timeouts end a wait for them.
public final class ReaderSockets implements AutoCloseable {
    /// The instances that are not closed, by name. The JDBC driver creates a socket factory by its class name,
    /// and Debezium passes on only texts. So a socket factory can find its owner only by a name. This is the
    /// only reason for a static map. Each reading removes its own entry.
    private static final Map<String, ReaderSockets> OPEN = new ConcurrentHashMap<>();

    private final String name = UUID.randomUUID().toString();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    public ReaderSockets() {
        OPEN.put(name, this);
    }

    /// Makes the JDBC driver open its socket through this instance, unless the properties name another factory.
    ///
    /// @param prefix the prefix of the driver's property names
    public void addTo(Properties properties, String prefix, Class<? extends ReaderSocketFactory> factory) {
        if (properties.putIfAbsent(prefix + "socketFactory", factory.getName()) == null) {
            properties.setProperty(prefix + "socketFactoryArg", name);
        }
    }

    /// Registers a socket with its owner.
    ///
    /// @throws IOException when the socket's reading is over
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

    /// Closes every socket, and every socket that is opened later.
    public void cut() {
        cut = true;
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException _) {
                // The socket was broken already.
            }
        }
    }

    /// Ends the reading: none of its threads can reach Postgres any more.
    @Override
    public void close() {
        OPEN.remove(name);
        cut();
    }
}
