package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.server.testing.RawFrame;
import dev.walcast.server.testing.RawSocket;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A [RawSocket] whose messages a thread reads and keeps until they are asked for, so that the server never waits.
public final class WireClient implements Closeable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int SMALL_BUFFER = 4 * 1024;

    private final RawSocket socket;
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();

    /// An item received from the server. After a close frame or the end of the stream nothing follows.
    public sealed interface Received {
        record Text(String text) implements Received {}

        record Binary(byte[] bytes) implements Received {}

        record Ping(byte[] payload) implements Received {}

        record Pong(byte[] payload) implements Received {}

        /// @param code 1006 when the connection ended without a close frame
        record Close(int code, String reason) implements Received {}
    }

    private WireClient(RawSocket socket) {
        this.socket = socket;
    }

    /// Begins to read.
    public void listen() {
        Thread.ofVirtual().name("wire-client").start(this::readAll);
    }

    public static WireClient open(int port, String path, Map<String, String> headers) throws IOException {
        WireClient client = new WireClient(connect(port, 0).upgrade(path, headers));
        if (client.status() == 101) {
            client.listen();
        }
        return client;
    }

    public static WireClient open(int port, String path) throws IOException {
        return open(port, path, Map.of());
    }

    /// Opens a client that does not read until [#listen].
    public static WireClient openDeaf(int port, String path) throws IOException {
        return new WireClient(connect(port, SMALL_BUFFER).upgrade(path, Map.of()));
    }

    private static RawSocket connect(int port, int buffer) throws IOException {
        return RawSocket.connect("127.0.0.1", port, Duration.ZERO, buffer);
    }

    public int status() {
        return socket.status();
    }

    public String header(String lowerCaseName) {
        return socket.header(lowerCaseName);
    }

    public String body() {
        return socket.body();
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
        socket.frame(firstByte, payload);
    }

    public void raw(byte[] bytes) throws IOException {
        socket.bytes(bytes);
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
        socket.reset();
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
        RawFrame frame = socket.readFrame();
        byte[] payload = frame.payload();
        return switch (frame.first()) {
            case 0x81 -> new Received.Text(new String(payload, UTF_8));
            case 0x82 -> new Received.Binary(payload);
            case 0x89 -> new Received.Ping(payload);
            case 0x8A -> new Received.Pong(payload);
            case 0x88 -> new Received.Close(frame.closeCode(), frame.closeReason());
            default -> throw new AssertionError("unexpected first byte " + frame.first());
        };
    }
}
