package dev.walcast.server.socket;

import dev.walcast.server.frames.EarlyLook;
import dev.walcast.server.protocol.CloseReason;

/// What lives on a socket. Called from the socket's one reader thread, never concurrently.
public interface SocketListener {
    /// @param utf8 one whole text message, known to be valid UTF-8; the receiver's to keep
    void onText(byte[] utf8);

    /// @param bytes one whole binary message; the receiver's to keep
    void onBinary(byte[] bytes);

    /// What is decided about a large text message before it is kept.
    default EarlyLook earlyLook() {
        return EarlyLook.NONE;
    }

    /// A text message was longer than [#earlyLook] allows.
    ///
    /// @param beginning what the look was taken at
    /// @param end       its last bytes
    /// @param bytes     of the whole message
    default void onTooLarge(byte[] beginning, byte[] end, int bytes) {}

    /// One inbound message, all its fragments together, where that is less than the limit for all sockets.
    default int messageBytesMax() {
        return Integer.MAX_VALUE;
    }

    /// The socket is gone, for whatever reason; comes exactly once and last.
    void onClosed(CloseReason reason);
}
