package dev.walcast.server.attack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;

/// A connection to the server from an address of choice, so that limits per address tell an attacker from the others.
/// It sends frames with a mask of zeros: a payload costs the attacker nothing.
final class Wire implements AutoCloseable {
    private static final int SMALL_BUFFER = 4096;

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;

    private Wire(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        this.out = socket.getOutputStream();
    }

    /// A connection on which nothing has been sent.
    static Wire connect(String from, int port, Duration patience) throws IOException {
        return connect(from, port, patience, 0);
    }

    /// A connection that takes in little before the server has to wait.
    static Wire connectNarrow(String from, int port, Duration patience) throws IOException {
        return connect(from, port, patience, SMALL_BUFFER);
    }

    private static Wire connect(String from, int port, Duration patience, int buffer) throws IOException {
        Socket socket = new Socket();
        try {
            if (buffer > 0) {
                socket.setReceiveBufferSize(buffer);
            }
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) patience.toMillis());
            socket.bind(new InetSocketAddress(from, 0));
            socket.connect(new InetSocketAddress("127.0.0.1", port), (int) patience.toMillis());
            return new Wire(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// Makes it a WebSocket.
    ///
    /// @throws IOException also when the server refuses
    Wire upgrade(String path) throws IOException {
        raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        int status = head();
        if (status != 101) {
            close();
            throw new IOException("refused with " + status);
        }
        return this;
    }

    /// Reads the head of an answer, and of its body nothing.
    ///
    /// @return the status
    int head() throws IOException {
        String first = line();
        String next = first;
        while (!next.isEmpty()) {
            next = line();
        }
        String[] words = first.split(" ", 3);
        if (words.length < 2) {
            throw new IOException("no answer: " + first);
        }
        return Integer.parseInt(words[1]);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.readUnsignedByte(); c != '\n'; c = in.readUnsignedByte()) {
            line.append((char) c);
        }
        return line.toString().strip();
    }

    void raw(String ascii) throws IOException {
        raw(ascii.getBytes(ISO_8859_1));
    }

    synchronized void raw(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    void text(String text) throws IOException {
        frame(0x81, text.getBytes(UTF_8));
    }

    void frame(int first, byte[] payload) throws IOException {
        byte[] head = frameHead(first, payload.length);
        if (payload.length > SMALL_BUFFER) {
            synchronized (this) {
                out.write(head);
                out.write(payload);
            }
        } else {
            raw(ByteBuffer.allocate(head.length + payload.length)
                    .put(head)
                    .put(payload)
                    .array());
        }
    }

    static byte[] frameHead(int first, int length) {
        ByteBuffer head = ByteBuffer.allocate(14).put((byte) first);
        if (length < 126) {
            head.put((byte) (0x80 | length));
        } else if (length <= 0xFFFF) {
            head.put((byte) (0x80 | 126)).putShort((short) length);
        } else {
            head.put((byte) (0x80 | 127)).putLong(length);
        }
        return java.util.Arrays.copyOf(head.array(), head.position() + 4);
    }

    /// The next text message. Pings are answered.
    ///
    /// @throws IOException also when the server closes the socket; the message names the code
    String read() throws IOException {
        while (true) {
            int first = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            long size = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
            byte[] payload = in.readNBytes(Math.toIntExact(size));
            switch (first & 0x0F) {
                case 0x1 -> {
                    return new String(payload, UTF_8);
                }
                case 0x8 ->
                    throw new EOFException("closed with "
                            + (payload.length < 2
                                    ? 1005
                                    : ByteBuffer.wrap(payload).getShort() & 0xFFFF)
                            + (payload.length <= 2 ? "" : new String(payload, 2, payload.length - 2, UTF_8)));
                case 0x9 -> frame(0x8A, payload);
                default -> {}
            }
        }
    }

    /// Reads and drops everything until the connection ends.
    void drain() throws IOException {
        while (in.skip(Long.MAX_VALUE) > 0 || in.read() >= 0) {}
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
