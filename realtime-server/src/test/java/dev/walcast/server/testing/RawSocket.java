package dev.walcast.server.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// A WebSocket client on a bare TCP socket that can misbehave: send invalid frames, stop reading, disconnect.
public final class RawSocket implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PATIENCE_MILLIS = 15_000;
    private static final int SMALL_BUFFER = 4096;
    private static final String SERVER = "127.0.0.1";

    private final Socket socket;
    private final DataInputStream in;
    private Head head = new Head(0, Map.of());
    private String body = "";
    private int heartbeats;

    private RawSocket(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /// The head of an answer over HTTP, the names of its headers in lower case.
    public record Head(int status, Map<String, String> headers) {}

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
        return connect(SERVER, port, Duration.ofMillis(PATIENCE_MILLIS), 0).upgrade(path, headers);
    }

    /// A client that takes in little before it stops the server from writing.
    public static RawSocket openWithSmallBuffer(int port, String path) throws IOException {
        return connect(SERVER, port, Duration.ofMillis(PATIENCE_MILLIS), SMALL_BUFFER)
                .upgrade(path, Map.of());
    }

    /// A connection on which nothing has been sent.
    ///
    /// @param from     a loopback address, so that limits per address tell clients apart
    /// @param patience how long to wait for the connection, and for each byte of the server; 0 is forever
    /// @param buffer   bytes that the system takes in for the client before the server must wait, 0 for the usual
    public static RawSocket connect(String from, int port, Duration patience, int buffer) throws IOException {
        Socket socket = new Socket();
        try {
            if (buffer > 0) {
                socket.setReceiveBufferSize(buffer);
            }
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) patience.toMillis());
            if (!from.equals(SERVER)) {
                socket.bind(new InetSocketAddress(from, 0));
            }
            socket.connect(new InetSocketAddress(SERVER, port), (int) patience.toMillis());
            return new RawSocket(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// The request that makes a connection a WebSocket.
    public static String upgradeRequest(String path, Map<String, String> headers) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        return request.append("\r\n").toString();
    }

    /// Sends the upgrade request and reads the answer; whether it became a socket is told by [#status()].
    public RawSocket upgrade(String path, Map<String, String> headers) throws IOException {
        try {
            bytes(upgradeRequest(path, headers).getBytes(StandardCharsets.ISO_8859_1));
            head = readHead();
            int length = Integer.parseInt(head.headers().getOrDefault("content-length", "0"));
            body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
            return this;
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /// Reads the head of an answer, and of its body nothing.
    public Head readHead() throws IOException {
        String[] words = line().split(" ", 3);
        if (words.length < 2) {
            throw new IOException("no answer: " + String.join(" ", words));
        }
        Map<String, String> headers = new HashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            String[] header = line.split(":", 2);
            if (header.length == 2) {
                headers.put(header[0].toLowerCase(Locale.ROOT), header[1].strip());
            }
        }
        return new Head(Integer.parseInt(words[1]), headers);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server ended the connection before the end of its answer");
            }
            line.append((char) c);
        }
        return line.toString().strip();
    }

    /// 101 when it became a socket.
    public int status() {
        return head.status();
    }

    /// Of the answer to the upgrade request; empty when there is none.
    public String header(String lowerCaseName) {
        return head.headers().getOrDefault(lowerCaseName, "");
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
        frame((last ? 0x80 : 0) | opCode, payload);
    }

    /// Sends any frame, masked.
    public void frame(int first, byte[] payload) throws IOException {
        bytes(RawFrame.encode(first, payload, ThreadLocalRandom.current().nextInt()));
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
                RawFrame frame = readFrame();
                switch (frame.opCode()) {
                    case 0x1 -> {
                        return new Received.Text(new String(frame.payload(), StandardCharsets.UTF_8));
                    }
                    case 0x2 -> {
                        return new Received.Binary(frame.payload());
                    }
                    case 0x8 -> {
                        return new Received.Closed(frame.closeCode(), frame.closeReason());
                    }
                    case 0x9 -> frame(true, 0xA, frame.payload());
                    default -> {}
                }
            }
        } catch (EOFException | SocketException e) {
            return new Received.Closed(1006, "");
        }
    }

    /// The next frame as it came.
    public RawFrame readFrame() throws IOException {
        return RawFrame.read(in);
    }

    /// Reads and forgets what comes, until the connection ends.
    public void drain() throws IOException {
        while (in.skip(Long.MAX_VALUE) > 0 || in.read() >= 0) {}
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
