package dev.walcast.server.frames;

/// An item read from a socket: a complete message, a control frame, or the end.
public sealed interface Inbound {
    /// @param utf8 valid UTF-8
    record Text(byte[] utf8) implements Inbound {}

    /// A text message that is longer than [EarlyLook] allows. Most of it was not kept, nor checked to be UTF-8.
    ///
    /// @param beginning the bytes that were judged
    /// @param end       its last bytes, 16 KiB or all
    /// @param bytes     the length of the whole message
    record TooLarge(byte[] beginning, byte[] end, int bytes) implements Inbound {}

    record Binary(byte[] bytes) implements Inbound {}

    record Ping(byte[] payload) implements Inbound {}

    record Pong() implements Inbound {}

    /// @param echo the payload of the close frame that answers it
    record Close(byte[] echo) implements Inbound {}

    /// The connection ended without a close frame.
    record End() implements Inbound {}
}
