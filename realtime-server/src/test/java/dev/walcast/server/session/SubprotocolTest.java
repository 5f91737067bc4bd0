package dev.walcast.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestingServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Tokens in `Sec-WebSocket-Protocol`, as Phoenix' client sends its `authToken`.
class SubprotocolTest {
    private static final String PATH = "/realtime/v1/websocket?vsn=2.0.0";
    private static TestingServer server;

    @BeforeAll
    static void start() {
        server = new TestingServer(TestingServer.limits());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String bearer(String token) {
        return "base64url.bearer.phx." + Base64.getEncoder().withoutPadding().encodeToString(token.getBytes(UTF_8));
    }

    private static WebSocket open(HttpClient http, String path, String first, String... others) {
        return http.newWebSocketBuilder()
                .subprotocols(first, others)
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), new WebSocket.Listener() {})
                .join();
    }

    @Test
    void tokenInProtocolsOpensSocket() {
        try (HttpClient http = HttpClient.newHttpClient()) {
            WebSocket socket = open(http, PATH, "phoenix", bearer(TestingTokens.ANON));
            assertThat(socket.getSubprotocol()).isEqualTo("phoenix");
            socket.abort();
            socket = open(http, TestingServer.path("2.0.0"), "other", "phoenix");
            assertThat(socket.getSubprotocol()).isEqualTo("phoenix");
            socket.abort();
            socket = open(http, TestingServer.path("2.0.0"), "other");
            assertThat(socket.getSubprotocol()).isEmpty();
            socket.abort();
        }
    }

    @Test
    void badTokenInProtocolsIsRefused() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            assertThatThrownBy(() -> open(http, PATH, "phoenix", bearer("no token")))
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(WebSocketHandshakeException.class);
        }
        for (String protocols : new String[] {
            "phoenix, base64url.bearer.phx.!",
            "phoenix, base64url.bearer.phx.",
            "phoenix, " + bearer(TestingTokens.ANON) + ", " + bearer(TestingTokens.ANON),
            "phoenix"
        }) {
            try (WireClient client =
                    WireClient.open(server.port(), PATH, Map.of("Sec-WebSocket-Protocol", protocols))) {
                assertThat(client.status()).as(protocols).isEqualTo(401);
            }
        }
    }

    @Test
    void apiKeyPrecedesTheProtocol() throws Exception {
        try (WireClient client = WireClient.open(
                server.port(),
                TestingServer.path("2.0.0"),
                Map.of("Sec-WebSocket-Protocol", "phoenix, " + bearer("no token")))) {
            assertThat(client.status()).isEqualTo(101);
        }
    }

    @Test
    void phoenixClientJoinsWithAnAuthToken() throws Exception {
        NodeScript.assumeNode();
        try (NodeScript client = NodeScript.start(
                "auth-token.mjs",
                "",
                Map.of(
                        "SOCKET_URL",
                        "ws://127.0.0.1:" + server.port() + "/socket",
                        "AUTH_TOKEN",
                        TestingTokens.ANON))) {
            assertThat(client.await("open", _ -> true).get("protocol").asText()).isEqualTo("phoenix");
            client.await("joined", _ -> true);
        }
    }
}
