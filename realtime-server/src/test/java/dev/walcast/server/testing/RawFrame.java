package dev.walcast.server.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A WebSocket frame as the server sends it, and the bytes of one that a client sends, which may be a broken one.
///
/// @param first the first byte: 0x80 for the last fragment, reserved bits, the opcode
public record RawFrame(int first, byte[] payload) {
    public int opCode() {
        return first & 0x0F;
    }

    /// The whole frame of a client.
    public static byte[] encode(int first, byte[] payload, int mask) {
        byte[] head = head(first, payload.length, mask);
        byte[] frame = Arrays.copyOf(head, head.length + payload.length);
        for (int i = 0; i < payload.length; i++) {
            frame[head.length + i] = (byte) (payload[i] ^ mask >>> 8 * (3 - (i & 3)));
        }
        return frame;
    }

    /// What comes before the payload of a client's frame.
    ///
    /// @param length any, also a negative one, which has no short form
    /// @param mask   0 leaves the payload as it is
    public static byte[] head(int first, long length, int mask) {
        ByteBuffer head = ByteBuffer.allocate(14).put((byte) first);
        if (length >= 0 && length < 126) {
            head.put((byte) (0x80 | length));
        } else if (length >= 0 && length <= 0xFFFF) {
            head.put((byte) (0x80 | 126)).putShort((short) length);
        } else {
            head.put((byte) (0x80 | 127)).putLong(length);
        }
        head.putInt(mask);
        return Arrays.copyOf(head.array(), head.position());
    }

    /// Reads a frame of the server, which has no mask.
    static RawFrame read(DataInputStream in) throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        long size = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
        byte[] payload = new byte[Math.toIntExact(size)];
        in.readFully(payload);
        return new RawFrame(first, payload);
    }

    /// Of a close frame; 1005 when it has none.
    public int closeCode() {
        return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    }

    /// Of a close frame.
    public String closeReason() {
        return payload.length < 2
                ? ""
                : new String(payload, 2, payload.length - 2, java.nio.charset.StandardCharsets.UTF_8);
    }
}
