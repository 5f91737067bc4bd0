package dev.walcast.bench.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// One client: its handshake, and the frames that it receives. Belongs to the loop.
final class LoadSocket {
    private static final byte[] NOTHING = {};
    private static final int TEXT = 0x81;
    private static final int PONG = 0x8a;

    private final LoadGroup group;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final int number;
    private byte[] rest = NOTHING;
    private boolean upgraded;
    private int readyTimes;
    private boolean ready;

    private LoadSocket(LoadGroup group, SocketChannel channel, SelectionKey key, int number) {
        this.group = group;
        this.channel = channel;
        this.key = key;
        this.number = number;
    }

    static LoadSocket connect(LoadGroup group, Selector selector) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (group.receiveBuffer() > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, group.receiveBuffer());
        }
        channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), group.port()));
        SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
        LoadSocket socket = new LoadSocket(group, channel, key, group.size());
        key.attach(socket);
        return socket;
    }

    LoadGroup group() {
        return group;
    }

    boolean isReady() {
        return ready;
    }

    void finishConnect() throws IOException {
        channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        write(("GET " + group.path() + " HTTP/1.1\r\nHost: 127.0.0.1:" + group.port()
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }

    /// @param bytes which the loop lends; more than a frame is long
    void read(byte[] bytes, long nowMicros) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).put(rest);
        int kept = rest.length;
        rest = NOTHING;
        int count = channel.read(buffer);
        if (count < 0) {
            close();
            group.countClosed();
            return;
        }
        int used = parse(bytes, kept + count, nowMicros);
        if (used < kept + count) {
            rest = new byte[kept + count - used];
            System.arraycopy(bytes, used, rest, 0, rest.length);
        }
    }

    private int parse(byte[] bytes, int length, long nowMicros) throws IOException {
        int offset = 0;
        if (!upgraded) {
            int end = TimeFinder.indexOf(bytes, 0, length, new byte[] {'\r', '\n', '\r', '\n'});
            if (end < 0) {
                return 0;
            }
            upgrade(new String(bytes, 0, end, StandardCharsets.US_ASCII));
            offset = end + 4;
        }
        while (true) {
            int header = headerLength(bytes, offset, length);
            if (header == 0) {
                return offset;
            }
            int size = payloadLength(bytes, offset, header);
            if (offset + header + size > length) {
                return offset;
            }
            frame(bytes[offset] & 0x0f, bytes, offset + header, size, nowMicros);
            offset += header + size;
        }
    }

    private void upgrade(String head) throws IOException {
        if (!head.startsWith("HTTP/1.1 101")) {
            throw new IOException("refused: " + head.lines().findFirst().orElse(""));
        }
        upgraded = true;
        group.hello(number).forEach(this::send);
        if (group.isReadyAtOnce()) {
            becomeReady();
        }
    }

    private static int headerLength(byte[] bytes, int offset, int length) {
        if (offset + 2 > length) {
            return 0;
        }
        int header = switch (bytes[offset + 1] & 0x7f) {
            case 126 -> 4;
            case 127 -> 10;
            default -> 2;
        };
        return offset + header > length ? 0 : header;
    }

    private static int payloadLength(byte[] bytes, int offset, int header) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return switch (header) {
            case 4 -> Short.toUnsignedInt(buffer.getShort(offset + 2));
            case 10 -> Math.toIntExact(buffer.getLong(offset + 2));
            default -> bytes[offset + 1] & 0x7f;
        };
    }

    private void frame(int opcode, byte[] bytes, int offset, int length, long nowMicros) {
        switch (opcode) {
            case 1, 2 -> message(bytes, offset, length, nowMicros);
            case 9 -> send(PONG, java.util.Arrays.copyOfRange(bytes, offset, offset + length));
            default -> {}
        }
    }

    private void message(byte[] bytes, int offset, int length, long nowMicros) {
        if (!ready && group.saysReady(bytes, offset, length)) {
            if (++readyTimes == group.readyTimes()) {
                becomeReady();
            }
        } else if (length == 1 && bytes[offset] == '2') {
            send("3"); // engine.io's own ping
        } else {
            group.count(bytes, offset, length, nowMicros);
        }
    }

    private void becomeReady() {
        ready = true;
        group.countReady();
    }

    void send(String text) {
        send(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /// Masked with zeros, which leaves the payload as it is.
    private void send(int firstByte, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14).put((byte) firstByte);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        frame.putInt(0).put(payload).flip();
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        try {
            write(bytes);
        } catch (IOException e) {
            close();
            group.countClosed();
        }
    }

    private void write(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long end = System.nanoTime() + 10_000_000_000L;
        while (buffer.hasRemaining()) {
            if (channel.write(buffer) == 0) {
                if (System.nanoTime() > end) {
                    throw new IOException("the server reads nothing");
                }
                Thread.onSpinWait();
            }
        }
    }

    void reading(boolean on) {
        if (key.isValid()) {
            key.interestOps(on ? SelectionKey.OP_READ : 0);
        }
    }

    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// For the loop's messages.
    static String describe(@Nullable Object attachment) {
        return attachment instanceof LoadSocket socket ? "a socket of " + socket.group.path() : "a socket";
    }
}
