package dev.walcast.server.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import dev.walcast.server.testing.TestingServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestBroadcastTest {
    private static final String BATCH = "/realtime/v1/api/broadcast";
    private static final RestLimits LIMITS = new RestLimits(100_000, Duration.ofMillis(500), 1, 50_000, 20);

    private final TestingPermissions permissions = new TestingPermissions();
    private TestingServer server;
    private RestClient client;

    @BeforeEach
    void start() {
        server = new TestingServer(SocketLimits.defaults(), LIMITS, permissions);
        client = new RestClient(server.port());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private WireClient joined(String version, String topic) throws Exception {
        WireClient socket = server.open(version);
        socket.text(
                version.equals("2.0.0")
                        ? TestingServer.join("1", topic)
                        : "{\"topic\":\"" + topic
                                + "\",\"event\":\"phx_join\",\"payload\":{\"config\":{}},\"ref\":\"1\",\"join_ref\":\"1\"}");
        assertThat(socket.nextText()).contains("\"ok\"");
        return socket;
    }

    @Test
    void batchReachesBothVersionsInOrder() throws Exception {
        try (WireClient v1 = joined("1.0.0", "realtime:a");
                WireClient v2 = joined("2.0.0", "realtime:a")) {
            String payload = "{\"n\": 1e400, \"k\":1, \"k\":2, \"u\":\"\\u00e9\"}";
            HttpResponse<String> answer = client.json(
                    BATCH,
                    "{\"messages\":[{\"topic\":\"a\",\"event\":\"x\\\"y\",\"payload\":" + payload
                            + ",\"id\":\"m1\"}, {\"payload\":{},\"event\":\"second\",\"topic\":\"a\",\"private\":null}]}");
            assertThat(answer.statusCode()).isEqualTo(202);
            assertThat(answer.body()).isEmpty();
            assertThat(answer.headers().firstValue(Broadcasts.DROPPED)).isEmpty();
            String first = "{\"type\":\"broadcast\",\"event\":\"x\\\"y\",\"payload\":" + payload
                    + ",\"meta\":{\"id\":\"m1\"}}";
            String second = "{\"type\":\"broadcast\",\"event\":\"second\",\"payload\":{}}";
            assertThat(v2.nextText()).isEqualTo("[null,null,\"realtime:a\",\"broadcast\"," + first + "]");
            assertThat(v2.nextText()).isEqualTo("[null,null,\"realtime:a\",\"broadcast\"," + second + "]");
            assertThat(v1.nextText())
                    .isEqualTo("{\"topic\":\"realtime:a\",\"event\":\"broadcast\",\"payload\":" + first
                            + ",\"ref\":null}");
            assertThat(v1.nextText()).contains(second);
        }
    }

    @Test
    void singleBroadcastUsesDecodedPath() throws Exception {
        try (WireClient socket = joined("2.0.0", "realtime:a/b c+é")) {
            String path = "/api/broadcast/a%2Fb%20c+%C3%A9/events/%2F";
            assertThat(client.json(path, " [1] ").statusCode()).isEqualTo(202);
            assertThat(binary(socket)).isEqualTo("\u0004\u0011\u0001\0\u0001realtime:a/b c+Ã©/{\"_json\":[1]}");
            assertThat(client.post(client.as(TestingTokens.ANON, path), BodyPublishers.noBody())
                            .statusCode())
                    .isEqualTo(202);
            assertThat(binary(socket)).isEqualTo("\u0004\u0011\u0001\0\u0001realtime:a/b c+Ã©/{}");
            assertThat(client.post(client.as(TestingTokens.ANON, path), BodyPublishers.ofString("{\"a\":1}"))
                            .statusCode())
                    .isEqualTo(202);
            assertThat(binary(socket)).endsWith("/{\"a\":1}");
            assertThat(client.json("/api/broadcast/a/b%20c+%C3%A9/events/x", "{}")
                            .statusCode())
                    .isEqualTo(202);
            assertThat(binary(socket)).endsWith("x{}");
        }
    }

    private static String binary(WireClient socket) throws Exception {
        return new String(((Received.Binary) socket.next()).bytes(), ISO_8859_1);
    }

    @Test
    void bytesDoNotReachV1() throws Exception {
        try (WireClient v1 = joined("1.0.0", "realtime:a");
                WireClient v2 = joined("2.0.0", "realtime:a")) {
            assertThat(client.post(
                                    client.as(TestingTokens.ANON, "/api/broadcast/a/events/e")
                                            .header("Content-Type", "application/octet-stream"),
                                    BodyPublishers.ofByteArray(new byte[] {0, -1}))
                            .statusCode())
                    .isEqualTo(202);
            client.json("/api/broadcast/a/events/e", "{}");
            assertThat(binary(v2)).endsWith("e\0\u00ff");
            assertThat(v1.nextText()).contains("\"payload\":{}");
        }
    }

    @Test
    void unauthorizedMessagesAreCountedByReason() throws Exception {
        String message = """
                {"topic":"%s","event":"e","payload":{},"private":%s}""";
        String batch = "{\"messages\":["
                + String.join(
                        ",",
                        message.formatted("a", "true"),
                        message.formatted("a", "\"1\""),
                        message.formatted("fails:CANCELED", "1"),
                        message.formatted("b", "\"false\""))
                + "]}";
        HttpResponse<String> anon = client.json(BATCH, batch);
        assertThat(anon.statusCode()).isEqualTo(202);
        assertThat(anon.headers().firstValue(Broadcasts.DROPPED)).contains("QueryCanceled=1, Unauthorized=2");
        assertThat(permissions.asked()).as("each topic once").hasSize(2);
        HttpResponse<String> user = client.json(RestClient.USER, BATCH, batch);
        assertThat(user.headers().firstValue(Broadcasts.DROPPED)).contains("QueryCanceled=1");
    }

    @Test
    void policiesSeeHeadersButNotKeys() throws Exception {
        client.post(
                client.as(RestClient.USER, "/api/broadcast/a/events/e?private=true")
                        .header("apikey", TestingTokens.ANON)
                        .header("X-Team", "blue"),
                BodyPublishers.ofString("{}"));
        assertThat(permissions.asked()).hasSize(1);
        assertThat(permissions.asked().getFirst().topic()).isEqualTo("a");
        assertThat(permissions.asked().getFirst().viewer().role()).isEqualTo("authenticated");
        assertThat(permissions.asked().getFirst().headers())
                .contains("\"x-team\":\"blue\"")
                .doesNotContain("eyJ");
    }

    @ParameterizedTest
    @CsvSource({
        "NOT_INSTALLED, 500, Unable to authorize broadcast",
        "POOL_EXHAUSTED, 429, Connection pool exhausted",
        "CALLER_BUSY, 429, Too many private topics of one caller wait",
        "CANCELED, 422, Query canceled",
        "PARTITION_MISSING, 422, Missing messages partition",
        "UNREACHABLE, 422, Tenant database unavailable"
    })
    void failedQuestionNamesTheReason(String reason, int status, String text) throws Exception {
        HttpResponse<String> answer =
                client.json(RestClient.USER, "/api/broadcast/fails:" + reason + "/events/e?private=true", "{}");
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.body()).isEqualTo("{\"message\":\"" + text + "\"}");
    }

    @Test
    void publicAndPrivateTopicAreSeparate() throws Exception {
        try (WireClient socket = joined("2.0.0", "realtime:a")) {
            assertThat(client.json(RestClient.USER, "/api/broadcast/a/events/e?private=true", "{}")
                            .statusCode())
                    .isEqualTo(202);
            assertThat(client.json(RestClient.USER, "/api/broadcast/a/events/e?private=yes", "{\"b\":1}")
                            .statusCode())
                    .isEqualTo(202);
            assertThat(binary(socket)).endsWith("{\"b\":1}");
        }
    }

    @Test
    void schemeIsCaseInsensitive() throws Exception {
        String path = "/api/broadcast/a/events/e";
        String token = TestingTokens.ANON;
        assertThat(status(path, "Authorization", "bEARER  " + token)).isEqualTo(202);
        assertThat(status(path, "apikey", token)).isEqualTo(202);
        assertThat(status(path, "Authorization", "Basic abc", "apikey", token)).isEqualTo(202);
        assertThat(status(path, "Authorization", token, "apikey", token)).isEqualTo(401);
        assertThat(status(path, "Authorization", "Bearer nonsense", "apikey", token))
                .isEqualTo(401);
        assertThat(status(path)).isEqualTo(401);
    }

    @Test
    void headersWithoutAValueCountAsAbsent() throws Exception {
        String path = "/api/broadcast/a/events/e";
        String token = TestingTokens.ANON;
        for (String blank : List.of("", "Bearer", "bearer ")) {
            assertThat(status(path, "Authorization", blank, "apikey", token)).isEqualTo(202);
            assertThat(status(path, "Authorization", blank, "apikey", "")).isEqualTo(401);
            assertThat(status(path, "Authorization", blank)).isEqualTo(401);
        }
        for (String key : List.of("", " ", "nonsense", "sb_publishable_of_the_gateway")) {
            assertThat(status(path, "Authorization", "Bearer " + token, "apikey", key))
                    .isEqualTo(202);
        }
    }

    private int status(String path, String... headers) throws Exception {
        var request = client.request(path);
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<String> answer = client.post(request, BodyPublishers.ofString("{}"));
        if (answer.statusCode() == 401) {
            assertThat(answer.body()).isEqualTo("{\"message\":\"Unauthorized\"}");
        }
        return answer.statusCode();
    }

    static Stream<List<String>> wrongBatches() {
        return Stream.of(
                List.of("", "422", "{\"errors\":{\"messages\":[\"can't be blank\"]}}"),
                List.of("[]", "422", "{\"errors\":{\"messages\":[\"can't be blank\"]}}"),
                List.of("{\"messages\":null}", "422", "{\"errors\":{\"messages\":[\"can't be blank\"]}}"),
                List.of("{\"messages\":[ ]}", "422", "{\"errors\":{\"messages\":[\"can't be blank\"]}}"),
                List.of("{\"messages\":[1]}", "422", "{\"errors\":{\"messages\":[\"is invalid\"]}}"),
                List.of("{\"messages\":{}}", "422", "{\"errors\":{\"messages\":[\"is invalid\"]}}"),
                List.of(
                        "{\"messages\":[{\"topic\":\"a\",\"event\":\"e\",\"payload\":{}},"
                                + "{\"topic\":\" \",\"event\":\"\\ud800\",\"private\":\"maybe\",\"id\":5,\"payload\":null}]}",
                        "422",
                        "{\"errors\":{\"messages\":[{},{\"event\":[\"is invalid\"],\"id\":[\"is invalid\"],"
                                + "\"payload\":[\"can't be blank\"],\"private\":[\"is invalid\"],"
                                + "\"topic\":[\"can't be blank\"]}]}}"),
                List.of("{\"messages\":[{\"topic\":\"a\"]}", "400", "Bad Request"),
                List.of("{} {}", "400", "Bad Request"),
                List.of("[".repeat(600) + "]".repeat(600), "400", "Bad Request"),
                List.of("\u0000", "400", "Bad Request"),
                List.of("\uFEFF{}", "400", "Bad Request"));
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("wrongBatches")
    void aWrongBatchIsAnsweredWithWhatIsWrong(List<String> example) throws Exception {
        HttpResponse<String> answer = client.json(BATCH, example.getFirst());
        assertThat(answer.statusCode() + " " + answer.body()).isEqualTo(example.get(1) + " " + example.get(2));
    }

    @Test
    void invalidMessageRefusesTheBatch() throws Exception {
        try (WireClient socket = joined("2.0.0", "realtime:a")) {
            client.json(BATCH, "{\"messages\":[{\"topic\":\"a\",\"event\":\"e\",\"payload\":{}},{}]}");
            client.json(BATCH, "{\"messages\":[{\"topic\":\"a\",\"event\":\"last\",\"payload\":{}}]}");
            assertThat(socket.nextText()).contains("\"last\"");
        }
    }

    @Test
    void pathThatIsNoTextIsRefused() throws Exception {
        HttpResponse<String> answer = client.json("/api/broadcast/%FF/events/e", "{}");
        assertThat(answer.statusCode() + answer.body()).isEqualTo("400Bad Request");
    }

    @Test
    void namesTooLongForFrameAreRefused() throws Exception {
        HttpResponse<String> topic = client.json("/api/broadcast/" + "a".repeat(247) + "/events/e", "{}");
        assertThat(topic.body()).isEqualTo("{\"errors\":{\"topic\":[\"should be at most 255 bytes\"]}}");
        HttpResponse<String> event = client.json("/api/broadcast/a/events/" + "a".repeat(256), "{}");
        assertThat(event.body()).isEqualTo("{\"errors\":{\"event\":[\"should be at most 255 bytes\"]}}");
        assertThat(client.json("/api/broadcast/" + "a".repeat(246) + "/events/" + "a".repeat(255), "{}")
                        .statusCode())
                .isEqualTo(202);
    }

    @Test
    void tooLargePayloadIsRefusedAsField() throws Exception {
        String large = "{\"a\":\"" + "x".repeat(50_000) + "\"}";
        assertThat(client.json("/api/broadcast/a/events/e", large).body()).isEqualTo("""
                        {"errors":{"payload":["Payload size exceeds tenant limit"]}}""");
        assertThat(client.json(BATCH, "{\"messages\":[{\"topic\":\"a\",\"event\":\"e\",\"payload\":" + large + "}]}")
                        .body())
                .isEqualTo("""
                        {"errors":{"messages":[{"payload":["Payload size exceeds tenant limit"]}]}}""");
    }

    @Test
    void tooLargeBodyIsRefused() throws Exception {
        byte[] body = new byte[150_000];
        var request = client.as(TestingTokens.ANON, "/api/broadcast/a/events/e");
        assertThat(client.post(request.copy(), BodyPublishers.ofByteArray(body)).statusCode())
                .isEqualTo(413);
        assertThat(client.post(request.copy(), BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))
                        .statusCode())
                .isEqualTo(413);
    }

    /// Sends far more than the buffers in between hold, so that a server that closes without reading resets the
    /// connection.
    @Test
    void lateReaderStillGetsTheResponse() throws Exception {
        RestLimits patient = new RestLimits(100_000, Duration.ofSeconds(20), 1, 50_000, 20);
        try (TestingServer own = new TestingServer(SocketLimits.defaults(), patient, permissions);
                Socket socket = new Socket("127.0.0.1", own.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(head(1_000_000_000));
            socket.getOutputStream().write(new byte[16_000_000]);
            socket.shutdownOutput();
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void endlessBodyIsCutAfterResponse() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(head(Long.MAX_VALUE));
            assertTimeoutPreemptively(
                    Duration.ofSeconds(20),
                    () -> assertThatThrownBy(() -> sendForEver(socket)).isInstanceOf(SocketException.class));
        }
        assertThat(client.json("/api/broadcast/a/events/e", "{}").statusCode()).isEqualTo(202);
    }

    private static byte[] head(long length) {
        return ("POST /api/broadcast/a/events/e HTTP/1.1\r\nHost: x\r\napikey: " + TestingTokens.ANON
                        + "\r\nContent-Length: " + length + "\r\n\r\n")
                .getBytes(US_ASCII);
    }

    private static void sendForEver(Socket socket) throws IOException {
        byte[] chunk = new byte[100_000];
        while (true) {
            socket.getOutputStream().write(chunk);
        }
    }

    @Test
    void brokenChunkEndsTheConnection() throws Exception {
        String head = "POST /api/ping HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        assertThat(raw(head + "2\r\nabcdef\r\n", 0)).doesNotContain("HTTP/1.1 2");
    }

    @Test
    void slowBodyEndsOnlyItsConnection() throws Exception {
        String head = "POST /api/broadcast/a/events/e HTTP/1.1\r\nHost: x\r\napikey: %s\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n";
        for (String token : List.of(TestingTokens.ANON, "nobody")) {
            String answer = raw(head.formatted(token) + "5\r\n{\"a\":\r\n", 20);
            assertThat(answer).isEmpty();
        }
        assertThat(client.json("/api/broadcast/a/events/e", "{}").statusCode()).isEqualTo(202);
    }

    @Test
    void bodiesOfCallerAreBounded() throws Exception {
        try (Socket slow = new Socket("127.0.0.1", server.port())) {
            slow.getOutputStream()
                    .write(("POST " + BATCH + " HTTP/1.1\r\nHost: x\r\napikey: " + TestingTokens.ANON
                                    + "\r\nContent-Length: 100\r\n\r\n{")
                            .getBytes(US_ASCII));
            HttpResponse<String> answer = client.json(BATCH, "{}");
            for (int i = 0; i < 200 && answer.statusCode() == 422; i++) {
                answer = client.json(BATCH, "{}");
            }
            assertThat(answer.statusCode() + answer.body()).isEqualTo("429{\"message\":\"Too many requests\"}");
            assertThat(client.json(RestClient.USER, BATCH, "{}").statusCode())
                    .as("another caller")
                    .isEqualTo(422);
        }
    }

    @Test
    void callersHaveSeparateLimits() throws Exception {
        String message = "{\"topic\":\"a\",\"event\":\"e\",\"payload\":{}}";
        String tooMany = "{\"messages\":[" + (message + ",").repeat(250) + message + "]}";
        HttpResponse<String> first = client.json(BATCH, tooMany);
        assertThat(first.statusCode() + first.body())
                .isEqualTo("429{\"message\":\"Too many messages to broadcast, please reduce the batch size\"}");
        String many = "{\"messages\":[" + (message + ",").repeat(199) + message + "]}";
        assertThat(client.json(BATCH, many).statusCode()).isEqualTo(202);
        HttpResponse<String> spent = client.json(BATCH, "{\"messages\":[" + message + "]}");
        for (int i = 0; i < 100 && spent.statusCode() == 202; i++) {
            spent = client.json(BATCH, "{\"messages\":[" + message + "]}");
        }
        assertThat(spent.statusCode() + spent.body())
                .isEqualTo("429{\"message\":\"You have exceeded your rate limit\"}");
        assertThat(spent.headers().firstValue("x-rate-limit")).contains("20");
        HttpResponse<String> other = client.json(RestClient.USER, BATCH, "{\"messages\":[" + message + "]}");
        assertThat(other.statusCode()).isEqualTo(202);
        assertThat(other.headers().firstValue("x-rate-limit-remaining")).contains("20");
    }

    @Test
    void preflightIsAnswered() throws Exception {
        HttpResponse<String> preflight = client.send(client.request(BATCH)
                .method("OPTIONS", BodyPublishers.noBody())
                .header("Origin", "http://x.example")
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "apikey,authorization,x-custom"));
        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(preflight.headers().firstValue("access-control-allow-origin"))
                .contains("*");
        assertThat(preflight.headers().firstValue("access-control-allow-headers"))
                .contains("apikey,authorization,x-custom");
        assertThat(preflight
                        .headers()
                        .firstValue("access-control-allow-methods")
                        .orElse(""))
                .contains("POST");
    }

    @Test
    void requestKeepsItsIdOrGetsOne() throws Exception {
        String id = "a-request-id-of-somebody";
        assertThat(client.send(client.request("/api/ping").header("x-request-id", id))
                        .headers()
                        .firstValue("x-request-id"))
                .contains(id);
        assertThat(client.send(client.request("/api/ping").header("x-request-id", "short"))
                        .headers()
                        .firstValue("x-request-id")
                        .orElse(""))
                .hasSize(36);
    }

    @Test
    void unknownPathIsNotFound() throws Exception {
        assertThat(client.get("/api/broadcast").statusCode()).isEqualTo(404);
        assertThat(client.get("/realtime/v1/api/tenants").statusCode()).isEqualTo(404);
        assertThat(client.json("/api/broadcast/a/events", "{}").statusCode()).isEqualTo(404);
        assertThat(client.json("/api/broadcast//events/e", "{}").statusCode()).isEqualTo(404);
        assertThat(client.get("/healthcheck").body()).isEqualTo("ok");
    }

    /// Sends bytes, then one more every 50 ms for the given number of times, and returns all responses until the end.
    private String raw(String request, int drips) throws IOException, InterruptedException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(US_ASCII));
            CountDownLatch answered = new CountDownLatch(1);
            Thread dripping = Thread.ofVirtual().start(() -> drip(socket, drips, answered));
            try (InputStream in = socket.getInputStream()) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (SocketException _) {
                return "";
            } finally {
                answered.countDown();
                dripping.join();
            }
        }
    }

    private static void drip(Socket socket, int times, CountDownLatch answered) {
        try {
            for (int i = 0; i < times && !answered.await(50, TimeUnit.MILLISECONDS); i++) {
                socket.getOutputStream().write("1\r\n \r\n".getBytes(US_ASCII));
            }
        } catch (IOException | InterruptedException _) {
            // cut, as it should be
        }
    }
}
