package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A WebSocket client on a bare socket, so that tests can send anything, valid or not.
public final class WireClient implements Closeable {
    private static final byte[] MASK = {1, 2, 3, 4};
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final int status;
    private final Map<String, String> headers = new HashMap<>();
    private final String body;

    /// An item received from the server. After a close frame or the end of the stream nothing follows.
    public sealed interface Received {
        record Text(String text) implements Received {}

        record Binary(byte[] bytes) implements Received {}

        record Ping(byte[] payload) implements Received {}

        record Pong(byte[] payload) implements Received {}

        /// @param code 1006 when the connection ended without a close frame
        record Close(int code, String reason) implements Received {}
    }

    private WireClient(Socket socket, String request, boolean reads) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
        this.out = socket.getOutputStream();
        out.write(request.getBytes(ISO_8859_1));
        out.flush();
        this.status = Integer.parseInt(readLine().split(" ")[1]);
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        this.body = new String(in.readNBytes(length), UTF_8);
        if (status == 101 && reads) {
            listen();
        }
    }

    public void listen() {
        Thread.ofVirtual().name("wire-client").start(this::readAll);
    }

    public static WireClient open(int port, String path, Map<String, String> headers) throws IOException {
        return open(new Socket("127.0.0.1", port), path, headers, true);
    }

    public static WireClient open(int port, String path) throws IOException {
        return open(port, path, Map.of());
    }

    /// Opens a client that does not read until [#listen].
    public static WireClient openDeaf(int port, String path) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4 * 1024);
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", port));
        return open(socket, path, Map.of(), false);
    }

    private static WireClient open(Socket socket, String path, Map<String, String> headers, boolean reads)
            throws IOException {
        socket.setTcpNoDelay(true);
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        return new WireClient(socket, request.append("\r\n").toString(), reads);
    }

    public int status() {
        return status;
    }

    public String header(String lowerCaseName) {
        return headers.getOrDefault(lowerCaseName, "");
    }

    public String body() {
        return body;
    }

    public void text(String text) throws IOException {
        frame(0x81, text.getBytes(UTF_8));
    }

    public void binary(byte[] bytes) throws IOException {
        frame(0x82, bytes);
    }

    public void ping(byte[] payload) throws IOException {
        frame(0x89, payload);
    }

    public void sayClose(int code) throws IOException {
        frame(0x88, ByteBuffer.allocate(2).putShort((short) code).array());
    }

    /// One masked frame.
    public void frame(int firstByte, byte[] payload) throws IOException {
        byte[] masked = payload.clone();
        for (int i = 0; i < masked.length; i++) {
            masked[i] ^= MASK[i & 3];
        }
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(firstByte);
        frame.writeBytes(length(payload.length));
        frame.writeBytes(MASK);
        frame.writeBytes(masked);
        raw(frame.toByteArray());
    }

    public void raw(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    private static byte[] length(int length) {
        if (length < 126) {
            return new byte[] {(byte) (0x80 | length)};
        }
        return length < 65536
                ? ByteBuffer.allocate(3)
                        .put((byte) (0x80 | 126))
                        .putShort((short) length)
                        .array()
                : ByteBuffer.allocate(9)
                        .put((byte) (0x80 | 127))
                        .putLong(length)
                        .array();
    }

    /// The next thing the server sent; fails when it takes too long.
    public Received next() throws InterruptedException {
        Received next = received.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
            throw new AssertionError("nothing came within " + PATIENCE);
        }
        return next;
    }

    public String nextText() throws InterruptedException {
        Received next = next();
        if (next instanceof Received.Text(String text)) {
            return text;
        }
        throw new AssertionError("expected text, got " + next);
    }

    public Received.Close nextClose() throws InterruptedException {
        Received next = next();
        while (!(next instanceof Received.Close)) {
            next = next();
        }
        return (Received.Close) next;
    }

    public int waiting() {
        return received.size();
    }

    @Override
    public void close() throws IOException {
        hangUp();
    }

    /// Ends the connection with a FIN and no close frame.
    public void hangUp() throws IOException {
        socket.close();
    }

    /// Ends the connection with a RST.
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte()) {
            line.write(b);
        }
        return line.toString(ISO_8859_1).stripTrailing();
    }

    private void readAll() {
        try {
            boolean more = true;
            while (more) {
                Received next = readFrame();
                received.add(next);
                more = !(next instanceof Received.Close);
            }
        } catch (IOException _) {
            received.add(new Received.Close(1006, ""));
        }
    }

    private Received readFrame() throws IOException {
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        long length = switch (second) {
            case 126 -> in.readUnsignedShort();
            case 127 -> in.readLong();
            default -> second;
        };
        byte[] payload = new byte[Math.toIntExact(length)];
        in.readFully(payload);
        return switch (first) {
            case 0x81 -> new Received.Text(new String(payload, UTF_8));
            case 0x82 -> new Received.Binary(payload);
            case 0x89 -> new Received.Ping(payload);
            case 0x8A -> new Received.Pong(payload);
            case 0x88 -> closed(payload);
            default -> throw new AssertionError("unexpected first byte " + first);
        };
    }

    private static Received closed(byte[] payload) {
        return payload.length < 2
                ? new Received.Close(1005, "")
                : new Received.Close(
                        ByteBuffer.wrap(payload).getShort() & 0xFFFF,
                        new String(Arrays.copyOfRange(payload, 2, payload.length), UTF_8));
    }
}
