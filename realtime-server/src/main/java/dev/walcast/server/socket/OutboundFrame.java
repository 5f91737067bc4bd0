package dev.walcast.server.socket;

import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A whole WebSocket frame to a client: unmasked, final, in parts.
///
/// @param parts the frame's header, then the payload's parts
record OutboundFrame(List<byte[]> parts, int length) {
    private static final int FINAL = 0x80;
    private static final int LENGTH_IN_2_BYTES = 126;
    private static final int LENGTH_IN_8_BYTES = 127;

    static OutboundFrame of(OutboundMessage message) {
        return of(message.text() ? OpCode.TEXT : OpCode.BINARY, message.parts(), message.length());
    }

    static OutboundFrame pong(byte[] payload) {
        return of(OpCode.PONG, List.of(payload), payload.length);
    }

    static OutboundFrame ping() {
        return of(OpCode.PING, List.of(), 0);
    }

    static OutboundFrame close(CloseReason reason) {
        byte[] text = reason.text().getBytes(StandardCharsets.UTF_8);
        byte[] code = {(byte) (reason.code() >> 8), (byte) reason.code()};
        return of(OpCode.CLOSE, List.of(code, text), code.length + text.length);
    }

    private static OutboundFrame of(int opCode, List<byte[]> payload, int length) {
        byte[] header = header(opCode, length);
        java.util.ArrayList<byte[]> parts = new java.util.ArrayList<>(payload.size() + 1);
        parts.add(header);
        parts.addAll(payload);
        return new OutboundFrame(parts, header.length + length);
    }

    private static byte[] header(int opCode, int length) {
        byte first = (byte) (FINAL | opCode);
        if (length < LENGTH_IN_2_BYTES) {
            return new byte[] {first, (byte) length};
        }
        if (length <= 0xFFFF) {
            return ByteBuffer.allocate(4)
                    .put(first)
                    .put((byte) LENGTH_IN_2_BYTES)
                    .putShort((short) length)
                    .array();
        }
        return ByteBuffer.allocate(10)
                .put(first)
                .put((byte) LENGTH_IN_8_BYTES)
                .putLong(length)
                .array();
    }
}
