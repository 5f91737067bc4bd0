package dev.walcast.server.attack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.server.testing.RawFrame;
import dev.walcast.server.testing.RawSocket;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/// A [RawSocket] from an address of choice, so that limits per address tell an attacker from the others. It sends
/// frames with a mask of zeros: a payload costs the attacker nothing.
final class Wire implements AutoCloseable {
    private static final int SMALL_BUFFER = 4096;

    private final RawSocket socket;

    private Wire(RawSocket socket) {
        this.socket = socket;
    }

    /// A connection on which nothing has been sent.
    static Wire connect(String from, int port, Duration patience) throws IOException {
        return new Wire(RawSocket.connect(from, port, patience, 0));
    }

    /// A connection that takes in little before the server has to wait.
    static Wire connectNarrow(String from, int port, Duration patience) throws IOException {
        return new Wire(RawSocket.connect(from, port, patience, SMALL_BUFFER));
    }

    /// Makes it a WebSocket.
    ///
    /// @throws IOException also when the server refuses
    Wire upgrade(String path) throws IOException {
        raw(RawSocket.upgradeRequest(path, Map.of()));
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
        return socket.readHead().status();
    }

    void raw(String ascii) throws IOException {
        raw(ascii.getBytes(ISO_8859_1));
    }

    void raw(byte[] bytes) throws IOException {
        socket.bytes(bytes);
    }

    void text(String text) throws IOException {
        frame(0x81, text.getBytes(UTF_8));
    }

    void frame(int first, byte[] payload) throws IOException {
        if (payload.length > SMALL_BUFFER) {
            synchronized (socket) {
                raw(RawFrame.head(first, payload.length, 0));
                raw(payload);
            }
        } else {
            raw(RawFrame.encode(first, payload, 0));
        }
    }

    /// The next text message. Pings are answered.
    ///
    /// @throws IOException also when the server closes the socket; the message names the code
    String read() throws IOException {
        while (true) {
            RawFrame frame = socket.readFrame();
            switch (frame.opCode()) {
                case 0x1 -> {
                    return new String(frame.payload(), UTF_8);
                }
                case 0x8 -> throw new EOFException("closed with " + frame.closeCode() + frame.closeReason());
                case 0x9 -> frame(0x8A, frame.payload());
                default -> {}
            }
        }
    }

    /// Reads and drops everything until the connection ends.
    void drain() throws IOException {
        socket.drain();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
