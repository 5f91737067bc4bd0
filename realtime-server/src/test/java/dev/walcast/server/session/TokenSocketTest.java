package dev.walcast.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.auth.ClaimRules;
import dev.walcast.server.auth.KeySource;
import dev.walcast.server.auth.OpaqueKeys;
import dev.walcast.server.auth.TestingKey;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Keys and tokens at the upgrade and in a join.
class TokenSocketTest {
    private static final String PUBLISHABLE = "sb_publishable_" + "p".repeat(22);
    private static final String SECRET = "sb_secret_" + "s".repeat(22);
    private static final String BROWSER_PATH = "/realtime/v1/websocket?vsn=2.0.0";
    private static final String BINDING = """
            {"config":{"postgres_changes":[{"event":"*","schema":"public"}]}%s}""";

    private final TestingKey key = TestingKey.of("auth-1", "ES256");
    private final TestingServer server = new TestingServer(
            TestingServer.limits().build(),
            new TokenRules(
                    Optional.of(TestingTokens.SECRET),
                    KeySource.parse("[" + key.jwk() + "]"),
                    ClaimRules.usual(),
                    OpaqueKeys.Kind.PUBLISHABLE.parse(PUBLISHABLE).and(OpaqueKeys.Kind.SECRET.parse(SECRET))));

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void opaqueKeysOpenSocketsAndJoinAsTheirRole() throws Exception {
        assertThat(roleOfAJoin(open("&apikey=" + PUBLISHABLE), "")).isEqualTo("anon");
        WireClient header =
                WireClient.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0", Map.of("x-api-key", SECRET));
        assertThat(roleOfAJoin(header, "")).isEqualTo("service_role");
    }

    @Test
    void blankHeaderKeyLeavesQueryKey() throws Exception {
        String path = "/realtime/v1/websocket?vsn=2.0.0&apikey=";
        for (String blank : List.of("", " ")) {
            Map<String, String> header = Map.of("x-api-key", blank);
            assertThat(roleOfAJoin(WireClient.open(server.port(), path + PUBLISHABLE, header), ""))
                    .isEqualTo("anon");
            WireClient refused = WireClient.open(server.port(), path, header);
            assertThat(refused.body()).isEqualTo("{\"error\":\"API key is missing\"}");
        }
    }

    @Test
    void opaqueKeyOfJoinFallsBackToConnection() throws Exception {
        String join = ",\"access_token\":\"" + SECRET + "\"";
        assertThat(roleOfAJoin(open("&apikey=" + PUBLISHABLE), join)).isEqualTo("anon");
    }

    @Test
    void tokenJoinsOnSocketOfOpaqueKey() throws Exception {
        String token = key.token("ES256", "{\"role\":\"authenticated\",\"exp\":2100000000}");
        String join = ",\"access_token\":\"" + token + "\"";
        assertThat(roleOfAJoin(open("&apikey=" + PUBLISHABLE), join)).isEqualTo("authenticated");
    }

    @Test
    void unknownKeyIsRefusedAtUpgrade() throws Exception {
        assertRefused(PUBLISHABLE + "x", "The token provided is not a valid JWT");
        assertRefused(
                TestingKey.of("gone", "ES256").token("ES256", "{\"role\":\"anon\",\"exp\":2100000000}"),
                "Failed to generate JWT signer for key ID (kid) \\\"gone\\\", check your JWT secret or JWKS configuration");
        assertRefused(
                TestingKey.of("auth-1", "ES256").token("ES256", "{\"role\":\"anon\",\"exp\":2100000000}"),
                "Failed to validate JWT signature");
        assertRefused(
                key.signed("{\"alg\":\"none\"}", "ES256", "{\"role\":\"anon\",\"exp\":2100000000}"),
                "Failed to generate JWT signer, check your JWT secret or JWKS configuration");
        assertRefused(
                key.token("ES256", "{\"role\":\"anon\",\"exp\":2100000000,\"nbf\":2099999999}"),
                "Token is not valid yet");
    }

    // -- a browser reads the reason in the reply to a join

    @Test
    void browserReadsWhyItsTokenIsRefused() throws Exception {
        String expired = TestingTokens.signed("{\"role\":\"anon\",\"exp\":1600000000}");
        String forged = TestingTokens.signed("{\"alg\":\"HS256\"}", "{\"role\":\"anon\",\"exp\":2100000000}", "wrong");
        Map<String, String> reasons = Map.of(
                "&apikey=" + expired,
                "InvalidJWTToken: Token has expired",
                "&apikey=" + forged,
                "JwtSignatureError: Failed to validate JWT signature",
                "&apikey=sb_publishable_unknown",
                "MalformedJWT: The token provided is not a valid JWT",
                "",
                "MissingAPIKey: API key is missing");
        for (Map.Entry<String, String> reason : reasons.entrySet()) {
            for (String header : List.of("Origin", "Sec-Fetch-Mode")) {
                try (WireClient client = browser(reason.getKey(), header)) {
                    client.text("[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
                    assertThat(client.nextText()).contains("\"status\":\"ok\"");
                    String good = ",\"access_token\":\"" + TestingTokens.ANON + "\"";
                    client.text(TestingServer.join("2", "realtime:t", BINDING.formatted(good)));
                    assertThat(client.nextText())
                            .startsWith("[\"2\",\"2\",\"realtime:t\",\"phx_reply\",{\"status\":\"error\"")
                            .contains(reason.getValue());
                }
            }
        }
        assertThat(server.feed.subscriptions()).isEmpty();
        assertThat(server.sockets.openRooms()).isZero();
    }

    @Test
    void refusedSocketIsIsolatedAndBounded() throws Exception {
        try (WireClient member = open("&apikey=" + TestingTokens.ANON);
                WireClient refused = browser("&apikey=nonsense", "Origin")) {
            member.text(TestingServer.join("1", "realtime:t", "{\"config\":{}}"));
            member.nextText();
            refused.text(TestingServer.broadcast("3", "realtime:t", "{\"event\":\"e\",\"payload\":{}}"));
            refused.text("""
                    ["1","4","realtime:t","presence",{"event":"track","payload":{}}]""");
            refused.binary(
                    new byte[] {3, 0, 0, 10, 1, 0, 1, 'r', 'e', 'a', 'l', 't', 'i', 'm', 'e', ':', 't', 'e', '{', '}'});
            refused.text("[\"1\",\"5\",\"realtime:t\",\"phx_leave\",{}]");
            assertThat(TestingServer.before(refused, "probe"))
                    .containsExactly(TestingServer.ok("1", "5", "realtime:t"));
            assertThat(TestingServer.before(member, "probe")).isEmpty();
            refused.text("[\"1\",\"6\",\"realtime:t\",\"phx_join\",\"" + "x".repeat(70_000) + "\"]");
            assertThat(refused.nextClose().code()).isEqualTo(1009);
        }
        try (WireClient refused = browser("&apikey=nonsense", "Origin")) {
            for (int i = 0; i < 1_001; i++) {
                refused.text("[\"1\",\"" + i + "\",\"realtime:t\",\"nothing\",{}]");
            }
            assertThat(refused.nextClose().code()).isEqualTo(1008);
        }
    }

    @Test
    void manyRefusedSocketsAreRefusedOverHttp() throws Exception {
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                clients.add(browser("&apikey=nonsense", "Origin"));
            }
            await().until(() -> statusOfABrowser() == 401);
            clients.removeLast().hangUp();
            await().until(() -> statusOfABrowser() == 101);
        } finally {
            for (WireClient client : clients) {
                client.close();
            }
        }
    }

    private int statusOfABrowser() throws Exception {
        try (WireClient client =
                WireClient.open(server.port(), BROWSER_PATH + "&apikey=nonsense", Map.of("Origin", "x"))) {
            return client.status();
        }
    }

    private WireClient browser(String query, String header) throws Exception {
        WireClient client = WireClient.open(server.port(), BROWSER_PATH + query, Map.of(header, "x"));
        assertThat(client.status()).isEqualTo(101);
        return client;
    }

    private void assertRefused(String apiKey, String error) throws Exception {
        WireClient refused = open("&apikey=" + apiKey);
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.body()).isEqualTo("{\"error\":\"" + error + "\"}");
    }

    private WireClient open(String query) throws Exception {
        return WireClient.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0" + query);
    }

    private String roleOfAJoin(WireClient client, String more) throws Exception {
        try (client) {
            client.text(TestingServer.join("1", "realtime:t", BINDING.formatted(more)));
            assertThat(client.nextText()).contains("\"status\":\"ok\"");
            assertThat(client.nextText()).contains("Subscribed to PostgreSQL");
            return server.feed.subscriptions().getLast().viewer().role();
        }
    }
}
