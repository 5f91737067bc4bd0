package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.testing.TestingServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Responses to nginx and health probes that speak HTTP/1.0.
class Http10Test {
    private static TestingServer server;

    @BeforeAll
    static void start() {
        server = new TestingServer(TestingServer.limits().idleTimeout(Duration.ofSeconds(4)));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Socket send(String request) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(10_000);
        socket.getOutputStream().write(request.getBytes(UTF_8));
        return socket;
    }

    private static String answer(String request) throws IOException {
        try (Socket socket = send(request)) {
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    @Test
    void restIsAnswered() throws IOException {
        assertThat(answer("GET /realtime/v1/api/ping HTTP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .endsWith("{\"message\":\"Success\"}");
        assertThat(answer("HEAD /healthcheck HTTP/1.0\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .endsWith("\r\n\r\n");
        String body = """
                {"messages":[{"topic":"t","event":"e","payload":{}}]}""";
        assertThat(answer("POST /api/broadcast HTTP/1.0\r\nAuthorization: Bearer " + TestingTokens.ANON
                        + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body))
                .startsWith("HTTP/1.1 202");
        assertThat(answer("GET /nothing HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 404");
        assertThat(answer("GET /socket/websocket HTTP/1.0\r\nSec-WebSocket-Key: x\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("proxy_http_version 1.1");
    }

    @Test
    void streamArrivesAsWritten() throws IOException {
        String request =
                "GET /realtime/v1/broadcast?topic=old HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer "
                        + TestingTokens.ANON + "\r\n\r\n";
        try (Socket socket = send(request);
                BufferedReader reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
            assertThat(reader.readLine()).startsWith("HTTP/1.1 200");
            String line = reader.readLine();
            while (!line.isEmpty()) {
                assertThat(line).doesNotContainIgnoringCase("Transfer-Encoding");
                line = reader.readLine();
            }
            assertThat(reader.readLine()).startsWith("retry: ");
        }
    }
}
