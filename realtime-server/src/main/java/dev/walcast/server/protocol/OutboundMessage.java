package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import java.util.List;

/// One WebSocket message to a client, in parts, so that bytes shared by many receivers are never copied to build it.
///
/// @param text  a text message; binary otherwise
/// @param parts shared, never written to
public record OutboundMessage(boolean text, List<byte[]> parts) {
    public OutboundMessage {
        parts = List.copyOf(requireNonNull(parts, "parts is null"));
    }

    public int length() {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        return length;
    }
}
