package dev.walcast.server.front;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.front.HttpText.Reply;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.socket.SocketAdmission;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.socket.WebSockets;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which requests and connections the port accepts, and which it ends.
class HttpFrontTest {
    private static FrontServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new FrontServer(FrontServer.limits());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static List<Reply> replies(String request, String... methods) throws IOException {
        return HttpText.replies(HttpText.converse(server.port(), request), List.of(methods));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                "Content-Length: 5\r\nContent-Length: 5\r\n",
                "Content-Length: 5\r\nContent-Length: 6\r\n",
                "Content-Length: +5\r\n",
                "Content-Length: -5\r\n",
                "Content-Length: 5, 5\r\n",
                "Content-Length: 5 5\r\n",
                "Content-Length: 0x5\r\n",
                "Content-Length: \r\n",
                "Content-Length: 99999999999999999999\r\n",
                "Content-Length : 5\r\n",
                "Transfer-Encoding: gzip\r\n",
                "Transfer-Encoding: gzip, chunked\r\n",
                "Transfer-Encoding: chunked, chunked\r\n",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding: xchunked\r\n",
                "Transfer-Encoding: chunked;q=1\r\n",
                "Transfer-Encoding:\u000bchunked\r\n",
                "X: a\r\n b\r\n",
                " X: a\r\n",
                "X: a\rb\r\n",
                "X: a\nContent-Length: 5\r\n",
                "X: a\u0000b\r\n",
                "X\u0001: a\r\n",
                ": a\r\n",
                "X\r\n",
                "(X): a\r\n",
                "Host: other\r\n",
                "Upgrade: a\r\nUpgrade: websocket\r\n",
                "Authorization: a\r\nAuthorization: b\r\n",
            })
    void ambiguousHeadIsRefused(String header) throws IOException {
        String smuggled = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
        List<Reply> replies = replies("POST /count HTTP/1.1\r\nHost: x\r\n" + header + "\r\n" + smuggled);
        assertThat(replies).hasSize(1);
        assertThat(replies.getFirst().status()).isEqualTo(400);
        assertThat(replies.getFirst().body()).contains("\"code\":\"MalformedRequest\"");
        assertThat(replies.getFirst().header("Connection")).contains("close");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5\r\nhello0\r\n\r\n",
                "5\r\nhelloXX0\r\n\r\n",
                "5\r\nhello\n0\r\n\r\n",
                "5\nhello\r\n0\r\n\r\n",
                "+5\r\nhello\r\n0\r\n\r\n",
                "-5\r\nhello\r\n0\r\n\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
                " 5\r\nhello\r\n0\r\n\r\n",
                "\r\nhello\r\n0\r\n\r\n",
                "5;\r\nhello\r\n0\r\n\r\n",
                "5;a=\"b\r\nhello\r\n0\r\n\r\n",
                "5;a\u0000\r\nhello\r\n0\r\n\r\n",
                "80000000\r\nhello\r\n0\r\n\r\n",
                "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
                "5\r\nhello\r\n0\r\nX\r\n\r\n",
                "5\r\nhello\r\n0\r\nX : a\r\n\r\n",
                "5\r\nhello\r\n0\r\n\n",
            })
    void aBodyWithTwoReadingsIsRefusedAndTheLast(String body) throws IOException {
        List<Reply> replies = replies("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body
                + "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(replies).hasSize(1);
        assertThat(replies.getFirst().status()).isEqualTo(400);
        assertThat(replies.getFirst().header("Connection")).contains("close");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET  /livez HTTP/1.1",
                "GET /livez  HTTP/1.1",
                " GET /livez HTTP/1.1",
                "GET /livez HTTP/1.1 ",
                "GET\t/livez HTTP/1.1",
                "GET /li\u0001vez HTTP/1.1",
                "GET /livez\u00e9 HTTP/1.1",
                "GET livez HTTP/1.1",
                "GET /livez#a HTTP/1.1",
                "GET http://a b/livez HTTP/1.1",
                "GET http:///livez HTTP/1.1",
                "GET * HTTP/1.1",
                "G(T /livez HTTP/1.1",
                "GET /livez",
                "GET /livez http/1.1",
                "GET /livez HTTP/1.1x",
                "GET /livez HTTP/11",
                "\r\n\r\nGET /livez HTTP/1.1",
            })
    void invalidRequestLineIsRefused(String line) throws IOException {
        List<Reply> replies = replies(line + "\r\nHost: x\r\n\r\n");
        assertThat(replies).hasSize(1);
        assertThat(replies.getFirst().status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Host:\r\n",
                "Host: a b\r\n",
                "Host: a,b\r\n\r\nX: ",
                "Host: a:b\r\n",
                "Host: a/b\r\n",
                "Host: [::1\r\n"
            })
    void requestWithoutOneHostIsRefused(String host) throws IOException {
        List<Reply> replies = replies("GET /nothing HTTP/1.1\r\n" + host.replace("a,b\r\n\r\nX: ", "a@b\r\n") + "\r\n");
        assertThat(replies).hasSize(1);
        assertThat(replies.getFirst().status()).isEqualTo(400);
    }

    @Test
    void refusalsNameTheFault() throws IOException {
        assertThat(replies("FOO /livez HTTP/1.1\r\nHost: x\r\n\r\n").getFirst())
                .satisfies(reply -> assertThat(reply.status()).isEqualTo(405))
                .satisfies(reply -> assertThat(reply.header("Allow")).contains("GET, HEAD, POST, OPTIONS"));
        assertThat(replies("GET /livez HTTP/2.0\r\nHost: x\r\n\r\n").getFirst().status())
                .isEqualTo(505);
        assertThat(replies("POST /count HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 1\r\n\r\nx")
                        .getFirst()
                        .status())
                .isEqualTo(417);
        assertThat(replies("GET /" + "x".repeat(17_000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
                        .getFirst()
                        .status())
                .isEqualTo(414);
        assertThat(replies("GET / HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(17_000) + "\r\n\r\n")
                        .getFirst()
                        .status())
                .isEqualTo(431);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        List<Reply> replies = replies(
                "\r\nPOST /count HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello"
                        + "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
                        + "003;a;b=c ; d=\"e\\\"f\"\r\nabc\r\nA\r\n0123456789\r\n000;x\r\nTrailer-Field: a\r\n\r\n"
                        + "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n"
                        + "GET http://[::1]:80/livez HTTP/1.1\r\nHost: other\r\n\r\n"
                        + "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
                        + "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n"
                        + "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST",
                "POST",
                "HEAD");
        assertThat(replies).extracting(Reply::status).containsExactly(200, 200, 200, 200, 204, 200);
        assertThat(replies).extracting(Reply::body).containsExactly("5 bytes", "13 bytes", "", "alive", "", "alive");
        assertThat(replies.get(2).header("Content-Length")).contains("5");
        assertThat(replies.getLast().header("Connection")).contains("close");
    }

    @Test
    void http10ConnectionEndsAfterResponse() throws IOException {
        List<Reply> replies = replies("GET /livez HTTP/1.0\r\n\r\nGET /livez HTTP/1.0\r\n\r\n");
        assertThat(replies).extracting(Reply::body).containsExactly("alive");
        assertThat(replies.getFirst().header("Connection")).contains("close");
    }

    @Test
    void http10KeepAliveIsHonoured() throws IOException {
        List<Reply> replies = replies("GET /livez HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
                + "POST /count HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc");
        assertThat(replies).extracting(Reply::body).containsExactly("alive", "3 bytes");
        assertThat(replies.getFirst().header("Connection")).contains("keep-alive");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Connection: keep-alive\r\n"})
    void http10StreamHasNoChunks(String header) throws IOException {
        List<Reply> replies = replies("GET /stream HTTP/1.0\r\n" + header + "\r\nGET /livez HTTP/1.0\r\n\r\n");
        assertThat(replies).extracting(Reply::body).containsExactly("data: one\n\ndata: two\n\ndata: three\n\n");
        assertThat(replies.getFirst().header("Transfer-Encoding")).isEmpty();
        assertThat(replies.getFirst().header("Connection")).contains("close");
    }

    @Test
    void http10TransferEncodingIsRefused() throws IOException {
        List<Reply> replies = replies("POST /count HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        assertThat(replies).extracting(Reply::status).containsExactly(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Upgrade: websocket\r\nConnection: upgrade\r\n", "Connection: close\r\n"})
    void http10UpgradeIsRefusedWithReason(String header) throws IOException {
        List<Reply> replies = replies("GET /realtime/v1/websocket HTTP/1.0\r\nHost: x\r\n" + header
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        assertThat(replies).extracting(Reply::status).containsExactly(400);
        assertThat(replies.getFirst().body()).contains("UpgradeRequired").contains("proxy_http_version 1.1");
    }

    @Test
    void answerToHeadFollowsAContinue() throws IOException {
        String answer = HttpText.converse(
                server.port(),
                "HEAD /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
        assertThat(answer)
                .startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
                .endsWith("\r\n\r\n");
    }

    @Test
    void headResponsesHaveNoBody() throws IOException {
        List<Reply> replies = replies(
                "HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n"
                        + "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "HEAD",
                "HEAD");
        assertThat(replies).extracting(Reply::status).containsExactly(404, 404, 200);
    }

    @Test
    void idleConnectionsKeepNoClientOut() throws Exception {
        try (FrontServer small = new FrontServer(FrontServer.limits(40, 40, 0, ""));
                Held idle = new Held(small.port(), 200, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")) {
            for (int i = 0; i < 20; i++) {
                assertAlive(small);
            }
            assertThat(small.front.connections()).isLessThanOrEqualTo(40 + ConnectionPlaces.RESERVE);
            assertThat(idle.open()).isLessThan(200);
        }
    }

    @Test
    void incompleteRequestsKeepNoClientOut() throws Exception {
        try (FrontServer small = new FrontServer(FrontServer.limits(40, 40, 0, ""));
                Held _ = new Held(small.port(), 100, "GET /livez HTTP/1.1\r\n");
                Held _ = new Held(small.port(), 100, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")) {
            for (int i = 0; i < 20; i++) {
                assertAlive(small);
            }
        }
    }

    @Test
    void probesAreAnsweredWhenAllPlacesAreTaken() throws Exception {
        try (FrontServer small = new FrontServer(FrontServer.limits(10, 10, 0, ""));
                Held _ = new Held(small.port(), 10, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")) {
            await().until(() -> small.front.connections() == 10 && small.front.waiting() == 0);
            assertAlive(small);
            String refused = HttpText.converse(small.port(), "GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(refused).startsWith("HTTP/1.1 429").contains("ConnectionRateLimitReached");
            small.mayAnswer.countDown();
            await().until(() -> HttpText.converse(
                            small.port(), "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    .startsWith("HTTP/1.1 200"));
        }
    }

    @Test
    void addressGetsNoMoreThanItsShare() throws Exception {
        try (FrontServer small = new FrontServer(FrontServer.limits(100, 100, 5, ""));
                Held _ = new Held(small.port(), 5, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")) {
            await().until(() -> small.front.connections() == 5 && small.front.waiting() == 0);
            String refused = HttpText.converse(small.port(), "GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(refused).startsWith("HTTP/1.1 429").contains("AddressConnectionLimitReached");
            assertAlive(small);
            assertThat(getFrom(small, "127.0.0.2")).startsWith("HTTP/1.1 200").endsWith("127.0.0.2");
        }
    }

    private static String getFrom(FrontServer server, String address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.bind(new java.net.InetSocketAddress(address, 0));
            socket.connect(new java.net.InetSocketAddress("127.0.0.1", server.port()));
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    @Test
    void clientsBehindProxyAreCountedSeparately() throws Exception {
        String slow = "GET /slow HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6, 198.51.100.7, 10.1.2.3\r\n\r\n";
        try (FrontServer small = new FrontServer(FrontServer.limits(100, 100, 5, "127.0.0.1, 10.0.0.0/8"));
                Held _ = new Held(small.port(), 5, slow)) {
            await().until(() -> small.front.connections() == 5 && small.front.waiting() == 0);
            assertThat(HttpText.converse(small.port(), slow)).contains("AddressConnectionLimitReached");
            String other = "GET /who HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.7, 198.51.100.8\r\n"
                    + "Connection: close\r\n\r\n";
            assertThat(HttpText.converse(small.port(), other))
                    .startsWith("HTTP/1.1 200")
                    .endsWith("198.51.100.8");
        }
    }

    @Test
    void connectionThatWaitsTooLongIsClosed() throws Exception {
        FrontLimits usual = FrontServer.limits();
        FrontLimits limits = new FrontLimits(
                100, 100, 0, usual.proxies(), usual.requestTimeout(), Duration.ofMillis(200), usual.writeTimeout());
        try (FrontServer small = new FrontServer(limits)) {
            assertThat(HttpText.converse(small.port(), "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void proxyClosesItsConnectionsFirst() {
        Duration proxy = Duration.ofSeconds(60);
        assertThat(FrontLimits.of(SocketLimits.defaults(), AddressLimits.defaults())
                        .keepAlive())
                .isGreaterThan(proxy);
    }

    @Test
    void clientThatDoesNotReadIsCut() throws Exception {
        FrontLimits limits = new FrontLimits(
                100,
                100,
                0,
                TrustedProxies.none(),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofMillis(300));
        try (FrontServer small = new FrontServer(limits);
                Socket socket = new Socket("127.0.0.1", small.port())) {
            Thread sender = Thread.ofVirtual().start(() -> {
                byte[] requests =
                        "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000).getBytes(ISO_8859_1);
                try {
                    while (true) {
                        socket.getOutputStream().write(requests);
                    }
                } catch (IOException _) {
                    // cut
                }
            });
            await().until(() -> !sender.isAlive());
            await().until(() -> small.front.connections() == 0);
        }
    }

    @Test
    void openConnectionGetsCurrentRoutes() throws Exception {
        String known = "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
        String fresh = "POST /fresh HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
        try (FrontServer small = new FrontServer(FrontServer.limits());
                Socket socket = new Socket("127.0.0.1", small.port());
                Socket halfway = new Socket("127.0.0.1", small.port());
                Socket answered = new Socket("127.0.0.1", small.port())) {
            send(socket, known);
            assertThat(awaitAnswer(socket, "5 bytes")).startsWith("HTTP/1.1 200");
            send(halfway, fresh.substring(0, 20));
            send(answered, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
            await().until(() -> small.front.connections() == 3 && small.front.waiting() == 2);
            small.front.serve(
                    HttpRouting.builder()
                            .post(
                                    "/fresh",
                                    (request, response) -> response.send(
                                            "fresh " + request.content().as(String.class))),
                    List.of());
            send(halfway, fresh.substring(20));
            assertThat(awaitAnswer(halfway, "hello")).startsWith("HTTP/1.1 200").endsWith("fresh hello");
            send(socket, fresh);
            assertThat(awaitAnswer(socket, "hello")).startsWith("HTTP/1.1 200").endsWith("fresh hello");
            send(socket, fresh);
            assertThat(awaitAnswer(socket, "hello")).startsWith("HTTP/1.1 200").endsWith("fresh hello");
            small.mayAnswer.countDown();
            assertThat(awaitAnswer(answered, "slow")).startsWith("HTTP/1.1 200");
            send(answered, fresh);
            assertThat(awaitAnswer(answered, "hello"))
                    .startsWith("HTTP/1.1 200")
                    .endsWith("fresh hello");
        }
    }

    private static void send(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    }

    /// Reads until this has come, or the end.
    private static String awaitAnswer(Socket socket, String last) throws IOException {
        socket.setSoTimeout(10_000);
        StringBuilder answer = new StringBuilder();
        for (int next = socket.getInputStream().read();
                next >= 0;
                next = socket.getInputStream().read()) {
            answer.append((char) next);
            if (answer.indexOf(last) >= 0) {
                break;
            }
        }
        return answer.toString();
    }

    private static final String UPGRADE = "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            + "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// A server with sockets that its door admits.
    private static FrontServer withSockets(SocketStats stats, MemoryBudget memory, SocketAdmission.SocketOpener opener)
            throws IOException {
        SocketLimits usual = SocketLimits.defaults();
        SocketLimits limits = new SocketLimits(
                Duration.ofSeconds(60),
                usual.joinRefusalDelay(),
                usual.requestTimeout(),
                usual.idleTimeout(),
                usual.writeTimeout(),
                usual.closeTimeout(),
                usual.outboxBytesMax(),
                usual.messageBytesMax(),
                usual.payloadBytesMax(),
                usual.socketsMax(),
                usual.channelsMax(),
                usual.bindingsMax(),
                usual.joinBytesMax(),
                usual.clients());
        WebSockets sockets = new WebSockets(limits, stats, memory);
        return new FrontServer(
                FrontServer.limits(),
                List.of(sockets.upgrader(Set.of("/socket"), _ -> new SocketAdmission.Admission.Admitted(opener))));
    }

    @Test
    void upgradeWithoutMemoryIsNoSocket() throws Exception {
        SocketStats stats = new SocketStats(Clock.systemUTC());
        MemoryBudget memory = new MemoryBudget(1_024, 1_024, System::nanoTime);
        SocketAdmission.SocketOpener never = _ -> {
            throw new AssertionError("there is no memory for it");
        };
        try (FrontServer small = withSockets(stats, memory, never);
                Held _ = new Held(small.port(), 1, UPGRADE)) {
            await().until(() -> stats.refusedUpgrades() == 1);
            // it waits for its refusal, and can be given up for another connection
            await().until(() -> small.front.waiting() == 1);
            assertThat(stats.opened()).isZero();
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void failedSocketGivesAllBack() throws Exception {
        SocketStats stats = new SocketStats(Clock.systemUTC());
        MemoryBudget memory = new MemoryBudget(1 << 20, 1 << 20, System::nanoTime);
        SocketAdmission.SocketOpener failing = _ -> {
            throw new IllegalStateException("made by the test");
        };
        try (FrontServer small = withSockets(stats, memory, failing)) {
            String answer = HttpText.converse(small.port(), UPGRADE);
            assertThat(answer).startsWith("HTTP/1.1 101");
            String frames = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            // a close frame, with the code 1011
            assertThat(frames)
                    .startsWith("\u0088")
                    .doesNotContain("HTTP/1.1")
                    .satisfies(frame ->
                            assertThat(frame.charAt(2) << 8 | frame.charAt(3)).isEqualTo(1011));
            await().until(() -> small.front.connections() == 0);
            assertThat(memory.used()).isZero();
            assertThat(stats.connected()).isZero();
        }
    }

    @Test
    void endedConnectionsLeaveNothing() throws Exception {
        try (FrontServer small = new FrontServer(FrontServer.limits(100, 100, 50, ""))) {
            for (int i = 0; i < 200; i++) {
                HttpText.converse(small.port(), i % 2 == 0 ? "x\r\n\r\n" : "GET /livez HTTP/1.0\r\n\r\n");
            }
            await().until(() -> small.front.connections() == 0 && small.front.waiting() == 0);
        }
    }

    private static void assertAlive(FrontServer server) throws IOException {
        assertThat(HttpText.converse(server.port(), "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    /// Connections that send something and then wait.
    private static final class Held implements AutoCloseable {
        private final List<Socket> sockets = new ArrayList<>();

        Held(int port, int count, String bytes) throws IOException {
            for (int i = 0; i < count; i++) {
                Socket socket = new Socket("127.0.0.1", port);
                sockets.add(socket);
                try {
                    socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
                } catch (SocketException _) {
                    // closed already
                }
            }
        }

        long open() throws IOException {
            long open = 0;
            for (Socket socket : sockets) {
                socket.setSoTimeout(1);
                open += isOpen(socket.getInputStream()) ? 1 : 0;
            }
            return open;
        }

        private static boolean isOpen(InputStream in) throws IOException {
            try {
                while (in.read() >= 0) {}
                return false;
            } catch (SocketTimeoutException _) {
                return true;
            } catch (SocketException _) {
                return false;
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
