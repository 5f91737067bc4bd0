package dev.walcast.server.socket;

import dev.walcast.server.frames.EarlyLook;
import dev.walcast.server.protocol.CloseReason;

/// Receives one socket's messages. Called by the socket's reader thread, never concurrently.
public interface SocketListener {
    /// @param utf8 one complete text message, valid UTF-8; the listener owns the array
    void onText(byte[] utf8);

    /// @param bytes one complete binary message; the listener owns the array
    void onBinary(byte[] bytes);

    /// Decides about a large text message before it is kept.
    default EarlyLook earlyLook() {
        return EarlyLook.NONE;
    }

    /// Receives a text message that is longer than [#earlyLook] allows.
    ///
    /// @param beginning the bytes that were judged
    /// @param end       its last bytes
    /// @param bytes     the length of the whole message
    default void onTooLarge(byte[] beginning, byte[] end, int bytes) {}

    /// The limit for an inbound message with all its fragments. Override to allow less than the server's limit.
    default int messageBytesMax() {
        return Integer.MAX_VALUE;
    }

    /// Called once, as the last call, when the socket has ended for whatever reason.
    void onClosed(CloseReason reason);
}
