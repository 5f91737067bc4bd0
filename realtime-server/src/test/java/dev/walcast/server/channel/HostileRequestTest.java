package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that never end, are too long, or are too many. Each ends in bounded time, and no other client notices.
class HostileRequestTest {
    private static final Duration REQUEST_TIMEOUT = Duration.ofMillis(600);
    private static final String HEAD = "GET " + TestingServer.path("2.0.0") + " HTTP/1.1\r\nHost: localhost\r\n";

    @Test
    void silentConnectionIsCut() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().requestTimeout(REQUEST_TIMEOUT));
                WireClient client = server.open();
                Socket silent = new Socket("127.0.0.1", server.port())) {
            assertEndsWithin(silent, REQUEST_TIMEOUT.multipliedBy(4));
            assertThat(TestingServer.before(client, "still-here")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET /realtime", "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "})
    void tricklingRequestIsCut(String start) throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().requestTimeout(REQUEST_TIMEOUT));
                Socket slow = new Socket("127.0.0.1", server.port())) {
            slow.getOutputStream().write(start.getBytes(ISO_8859_1));
            long startNanos = System.nanoTime();
            Thread trickle = Thread.ofVirtual().start(() -> trickle(slow));
            assertEndsWithin(slow, REQUEST_TIMEOUT.multipliedBy(4));
            assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isGreaterThan(REQUEST_TIMEOUT.dividedBy(2));
            trickle.join();
        }
    }

    @Test
    void idleConnectionIsCutAfterRequest() throws Exception {
        TestingLimits limits =
                TestingServer.limits().requestTimeout(REQUEST_TIMEOUT).idleTimeout(Duration.ofSeconds(2));
        try (TestingServer server = new TestingServer(limits);
                Socket slow = new Socket("127.0.0.1", server.port())) {
            slow.getOutputStream().write("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(ISO_8859_1));
            assertThat(readLine(slow.getInputStream())).startsWith("HTTP/1.1 404");
            slow.getOutputStream().write("GET /".getBytes(ISO_8859_1));
            assertEndsWithin(slow, Duration.ofSeconds(6));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {20_000, 2_000_000})
    void requestLinesAndHeadersAreBounded(int length) throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits())) {
            String path = HEAD.replace("&vsn", "&pad=" + "x".repeat(length) + "&vsn");
            assertRefused(server, path + "\r\n");
            assertRefused(server, HEAD + "X-Pad: " + "x".repeat(length) + "\r\n\r\n");
            assertRefused(server, HEAD + "X-Pad: x\r\n".repeat(length / 10) + "\r\n");
            assertRefused(server, "x".repeat(length));
            try (WireClient client = server.open()) {
                assertThat(TestingServer.before(client, "still-served")).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "\u0000\u0001\u0002\u0003\r\n\r\n",
                "GET /realtime/v1/websocket?apikey=%zz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "GET / HTTP/1.1\r\nHost\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nA\u0000B: c\r\n\r\n",
            })
    void invalidRequestsDoNoHarm(String request) throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().requestTimeout(REQUEST_TIMEOUT));
                Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.shutdownOutput();
            assertEndsWithin(socket, Duration.ofSeconds(8));
            try (WireClient client = server.open()) {
                assertThat(TestingServer.before(client, "still-served")).isEmpty();
            }
        }
    }

    @Test
    void socketsBeyondBoundAreRefused() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().socketsMax(3))) {
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                clients.add(server.open());
                assertThat(TestingServer.before(clients.getLast(), "in")).isEmpty();
            }
            WireClient refused = server.open();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.body()).isEqualTo("{\"error\":\"Too many connected users\"}");
            clients.removeLast().close();
            await().until(() -> server.open().status() == 101);
        }
    }

    @Test
    void silentConnectionsKeepNoClientOut() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().requestTimeout(REQUEST_TIMEOUT))) {
            List<Socket> silent = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                silent.add(new Socket("127.0.0.1", server.port()));
            }
            try (WireClient client = server.open()) {
                assertThat(TestingServer.before(client, "in")).isEmpty();
            }
            for (Socket socket : silent) {
                assertEndsWithin(socket, Duration.ofSeconds(10));
                socket.close();
            }
        }
    }

    @Test
    void waitingRefusalsKeepNoClientOut() throws Exception {
        TestingLimits limits = TestingServer.limits().socketsMax(3).upgradeRefusalDelay(Duration.ofMinutes(1));
        String bad = HEAD.replace("apikey=", "apikey=x") + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        try (TestingServer server = new TestingServer(limits)) {
            List<Socket> refused = new ArrayList<>();
            for (int i = 0; i < 1_100; i++) {
                refused.add(new Socket("127.0.0.1", server.port()));
                try {
                    refused.getLast().getOutputStream().write(bad.getBytes(ISO_8859_1));
                } catch (SocketException _) {
                    // closed already
                }
            }
            try (WireClient client = server.open()) {
                assertThat(TestingServer.before(client, "in")).isEmpty();
            }
            for (Socket socket : refused) {
                socket.close();
            }
        }
    }

    private static void assertRefused(TestingServer server, String request) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            Thread sender = Thread.ofVirtual().start(() -> send(socket, request));
            String status = readLine(socket.getInputStream());
            assertThat(status.isEmpty() || status.startsWith("HTTP/1.1 4"))
                    .as(status)
                    .isTrue();
            sender.join();
        } catch (SocketException _) {
            // reset while we were still sending: refused, too
        }
    }

    private static void send(Socket socket, String text) {
        try {
            socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        } catch (IOException _) {
            // the server need not read all of it
        }
    }

    private static void trickle(Socket socket) {
        try {
            while (!new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS)) {
                socket.getOutputStream().write('x');
            }
        } catch (IOException | InterruptedException _) {
            // cut, as expected
        }
    }

    private static void assertEndsWithin(Socket socket, Duration time) throws IOException {
        socket.setSoTimeout((int) time.toMillis());
        try {
            while (socket.getInputStream().read() >= 0) {}
        } catch (SocketException _) {
            // a reset is an end, too
        }
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            line.append((char) b);
        }
        return line.toString();
    }
}
