package dev.walcast.bench.baseline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;

/// One client of a [FrameServer].
final class Peer {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final byte[] NOTHING = {};

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Deque<ByteBuffer> pending = new ArrayDeque<>();
    private byte[] rest = NOTHING;
    private boolean open;

    Peer(SocketChannel channel, SelectionKey key) {
        this.channel = channel;
        this.key = key;
    }

    void attach() {
        key.attach(this);
    }

    /// Whether the handshake is done.
    boolean isOpen() {
        return open && channel.isOpen();
    }

    /// @return false when the client is gone
    boolean read(ByteBuffer buffer, FrameServer.Received received) throws IOException {
        buffer.clear().put(rest);
        if (channel.read(buffer) < 0) {
            close();
            return false;
        }
        buffer.flip();
        if (!open) {
            handshake(buffer);
        }
        while (open && frame(buffer, received)) {}
        rest = new byte[buffer.remaining()];
        buffer.get(rest);
        return true;
    }

    private void handshake(ByteBuffer buffer) {
        String head = StandardCharsets.US_ASCII.decode(buffer.duplicate()).toString();
        int end = head.indexOf("\r\n\r\n");
        if (end < 0) {
            return;
        }
        String name = "sec-websocket-key: ";
        int at = head.toLowerCase(java.util.Locale.ROOT).indexOf(name) + name.length();
        String accept = accept(head.substring(at, head.indexOf("\r\n", at)));
        open = true;
        write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                        + accept + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        buffer.position(buffer.position() + end + 4);
    }

    private static String accept(String sent) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest((sent + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @return whether there was a whole frame
    private static boolean frame(ByteBuffer buffer, Peer peer, FrameServer.Received received) throws IOException {
        int begin = buffer.position();
        if (buffer.remaining() < 6) {
            return false;
        }
        int opcode = buffer.get() & 0x0f;
        int length = buffer.get() & 0x7f;
        if (length == 126) {
            length = Short.toUnsignedInt(buffer.getShort());
        } else if (length == 127) {
            length = buffer.remaining() < 8 ? Integer.MAX_VALUE : Math.toIntExact(buffer.getLong());
        }
        if (buffer.remaining() < 4L + length) {
            buffer.position(begin);
            return false;
        }
        byte[] mask = new byte[4];
        buffer.get(mask);
        byte[] payload = new byte[length];
        buffer.get(payload);
        for (int i = 0; i < length; i++) {
            payload[i] ^= mask[i & 3];
        }
        if (opcode == 1 || opcode == 2) {
            received.message(peer, payload);
        }
        return true;
    }

    private boolean frame(ByteBuffer buffer, FrameServer.Received received) throws IOException {
        return frame(buffer, this, received);
    }

    /// A text frame around the payload.
    static byte[] frame(byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 10).put((byte) 0x81);
        if (payload.length < 126) {
            frame.put((byte) payload.length);
        } else if (payload.length < 1 << 16) {
            frame.put((byte) 126).putShort((short) payload.length);
        } else {
            frame.put((byte) 127).putLong(payload.length);
        }
        frame.put(payload);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    /// Bytes that the operating system does not accept at once wait.
    void write(byte[] bytes) {
        try {
            ByteBuffer data = ByteBuffer.wrap(bytes);
            if (pending.isEmpty()) {
                channel.write(data);
            }
            if (data.hasRemaining()) {
                pending.add(data);
                key.interestOpsOr(SelectionKey.OP_WRITE);
            }
        } catch (IOException e) {
            close();
        }
    }

    void writePending() throws IOException {
        while (!pending.isEmpty()) {
            ByteBuffer data = pending.getFirst();
            channel.write(data);
            if (data.hasRemaining()) {
                return;
            }
            pending.remove();
        }
        key.interestOpsAnd(~SelectionKey.OP_WRITE);
    }

    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
