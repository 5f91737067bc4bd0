package dev.walcast.server.front;

import io.helidon.common.socket.HelidonSocket;

/// A socket whose two directions can end one after the other.
interface ClientSocket extends HelidonSocket {
    /// Tells the client that nothing more comes. What it sends can still be read.
    void endOutput();

    /// Ends it now, for a thread that reads or writes, too. Never fails; may be called more than once.
    @Override
    void close();
}
