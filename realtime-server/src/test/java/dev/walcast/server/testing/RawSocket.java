package dev.walcast.server.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// A WebSocket client on a bare TCP socket that can misbehave: send invalid frames, stop reading, disconnect.
public final class RawSocket implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PATIENCE_MILLIS = 15_000;

    private final Socket socket;
    private final DataInputStream in;
    private final int status;
    private final String body;
    private int heartbeats;

    private RawSocket(Socket socket, DataInputStream in, int status, String body) {
        this.socket = socket;
        this.in = in;
        this.status = status;
        this.body = body;
    }

    /// An item received: a text, a binary message, or the end.
    public sealed interface Received {
        record Text(String text) implements Received {
            public JsonNode json() throws IOException {
                return JSON.readTree(text);
            }
        }

        record Binary(byte[] bytes) implements Received {}

        /// 1006 when the connection just ended.
        record Closed(int code, String reason) implements Received {}
    }

    /// Sends the upgrade request. [#status()] has the result.
    public static RawSocket open(int port, String path, Map<String, String> headers) throws IOException {
        return open(new Socket("127.0.0.1", port), path, headers);
    }

    /// A client that takes in little before it stops the server from writing.
    public static RawSocket openWithSmallBuffer(int port, String path) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", port));
        return open(socket, path, Map.of());
    }

    private static RawSocket open(Socket socket, String path, Map<String, String> headers) throws IOException {
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        StringBuilder request = new StringBuilder(
                "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                        + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        int status = Integer.parseInt(line(in).split(" ")[1]);
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            if (header.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(
                        header.substring("content-length:".length()).strip());
            }
        }
        return new RawSocket(socket, in, status, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    private static String line(DataInputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server ended the connection during the upgrade");
            }
            line.append((char) c);
        }
        return line.toString().strip();
    }

    /// 101 when it became a socket.
    public int status() {
        return status;
    }

    /// Of a refusal.
    public String body() {
        return body;
    }

    public void send(String text) throws IOException {
        frame(true, 0x1, text.getBytes(StandardCharsets.UTF_8));
    }

    public void send(byte[] binary) throws IOException {
        frame(true, 0x2, binary);
    }

    /// Sends any frame, masked.
    public void frame(boolean last, int opCode, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        frame.put((byte) ((last ? 0x80 : 0) | opCode));
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length <= 0xFFFF) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        byte[] mask = new byte[4];
        ThreadLocalRandom.current().nextBytes(mask);
        frame.put(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ mask[i & 3]));
        }
        bytes(java.util.Arrays.copyOf(frame.array(), frame.position()));
    }

    /// Sends bytes that may be no frame at all; from any thread.
    public synchronized void bytes(byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
    }

    /// The next message; pings are answered and passed over.
    public Received receive() throws IOException {
        try {
            while (true) {
                Frame frame = readFrame();
                switch (frame.opCode()) {
                    case 0x1 -> {
                        return new Received.Text(new String(frame.payload(), StandardCharsets.UTF_8));
                    }
                    case 0x2 -> {
                        return new Received.Binary(frame.payload());
                    }
                    case 0x8 -> {
                        return closed(frame.payload());
                    }
                    case 0x9 -> frame(true, 0xA, frame.payload());
                    default -> {}
                }
            }
        } catch (EOFException | SocketException e) {
            return new Received.Closed(1006, "");
        }
    }

    private static Received closed(byte[] payload) {
        int code = payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
        return new Received.Closed(
                code, payload.length < 2 ? "" : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8));
    }

    /// A frame as it came.
    public record Frame(int opCode, byte[] payload) {}

    public Frame readFrame() throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        long size = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
        byte[] payload = new byte[(int) size];
        in.readFully(payload);
        return new Frame(first & 0x0F, payload);
    }

    /// The next text message as JSON.
    public JsonNode receiveJson() throws IOException {
        Received received = receive();
        if (received instanceof Received.Text text) {
            return text.json();
        }
        throw new AssertionError("expected a text, got " + received);
    }

    /// Joins a topic with a config, over version 2.0.0, and returns the reply's payload.
    public JsonNode join(String topic, String config) throws IOException {
        send("[\"1\",\"1\",\"" + topic + "\",\"phx_join\",{\"config\":" + config + "}]");
        return receiveJson().get(4);
    }

    /// Whatever the server sends before it answers this heartbeat: silence is an empty list.
    public List<Received> untilHeartbeat(boolean v1) throws IOException {
        String ref = "hb" + ++heartbeats;
        send(
                v1
                        ? "{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":\"" + ref + "\"}"
                        : "[null,\"" + ref + "\",\"phoenix\",\"heartbeat\",{}]");
        List<Received> before = new ArrayList<>();
        while (true) {
            Received received = receive();
            if (received instanceof Received.Text text && text.text().contains("\"" + ref + "\"")) {
                return before;
            }
            before.add(received);
            if (received instanceof Received.Closed) {
                return before;
            }
        }
    }

    public void patience(Duration patience) throws IOException {
        socket.setSoTimeout((int) patience.toMillis());
    }

    /// Ends the TCP connection with a reset.
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /// Ends the TCP connection without a word.
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
