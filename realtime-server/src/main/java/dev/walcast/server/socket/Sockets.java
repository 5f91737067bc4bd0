package dev.walcast.server.socket;

import io.helidon.common.socket.HelidonSocket;
import java.io.UncheckedIOException;

/// Utilities to close sockets.
final class Sockets {
    private Sockets() {}

    static void closeQuietly(HelidonSocket socket) {
        try {
            socket.close();
        } catch (UncheckedIOException _) {
            // it is closed already
        }
    }
}
