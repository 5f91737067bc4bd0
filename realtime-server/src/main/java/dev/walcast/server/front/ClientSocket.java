package dev.walcast.server.front;

import io.helidon.common.socket.HelidonSocket;

/// A socket whose two directions can be closed separately.
interface ClientSocket extends HelidonSocket {
    /// Ends the output. Input can still be read.
    void endOutput();

    /// Closes the socket now, also while a thread reads or writes. Never throws; may be called more than once.
    @Override
    void close();
}
