package dev.walcast.server.channel;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Joins larger than any client needs, against the real server.
class OversizedJoinTest {
    private static final String TOPIC = "realtime:room";

    private static TestingServer server;

    private WireClient client;

    @BeforeAll
    static void startServer() throws Exception {
        server = new TestingServer(TestingServer.limits());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void open() throws Exception {
        client = server.open();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
    }

    @Test
    void joinOverLimitIsRefusedUnparsed() throws Exception {
        client.text(join("1", TOPIC, "{\"config\":" + "[".repeat(600) + "\"" + "x".repeat(64 * 1024)));
        assertThat(before(client, "h1")).isEmpty();
        String payload = "{\"config\":{},\"x\":\"" + "x".repeat(64 * 1024) + "\"}";
        client.text(join("2", TOPIC, payload));
        JsonNode response = json(client.nextText()).get(4).path("response");
        assertThat(response.path("reason").asText())
                .isEqualTo("PayloadSizeExceeded: The payload of the join has " + payload.length()
                        + " bytes, and MAX_JOIN_SIZE allows 65536");
        assertThat(response.path("limit").asInt()).isEqualTo(65_536);
        client.text(join("3", TOPIC));
        assertThat(client.nextText()).isEqualTo(joined("3", TOPIC));
    }

    @Test
    void largeJoinIsRefusedByItsBeginning() throws Exception {
        String payload = "{\"config\":{},\"x\":\"" + "x".repeat(2_000_000) + "\"}";
        client.text(join("1", TOPIC, payload));
        JsonNode response = json(client.nextText()).get(4).path("response");
        assertThat(response.path("reason").asText())
                .isEqualTo("PayloadSizeExceeded: The payload of the join has " + payload.length()
                        + " bytes, and MAX_JOIN_SIZE allows 65536");
        assertThat(server.sockets.memory().peak()).isLessThan(1_000_000);
        client.text(join("2", TOPIC));
        assertThat(client.nextText()).isEqualTo(joined("2", TOPIC));
    }

    @Test
    void largePushesAreRefusedByTheirBeginnings() throws Exception {
        client.text(join("1", TOPIC, "{\"config\":{\"broadcast\":{\"ack\":true}}}"));
        client.nextText();
        String filling = "{\"x\":\"" + "x".repeat(3_500_000) + "\"}";
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"broadcast\"," + filling + "]");
        assertThat(client.nextText()).contains("\"2\"", "payload_size_exceeded");
        client.text("[\"1\",\"3\",\"realtime:other\",\"broadcast\"," + filling + "]");
        assertThat(client.nextText()).contains("\"3\"", "unmatched topic");
        client.text("[\"1\",\"4\",\"" + TOPIC + "\",\"access_token\"," + filling + "]");
        assertThat(client.nextText()).contains("MAX_JOIN_SIZE allows 65536");
        assertThat(client.nextText()).contains("phx_close");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"topic\":\"%1$s\",\"event\":\"phx_join\",\"ref\":\"7\",\"payload\":%2$s}",
                "{\"topic\":\"%1$s\",\"event\":\"phx_join\",\"payload\":%2$s,\"ref\":\"7\"}",
                "{\"topic\":\"%1$s\",\"event\":\"phx_join\",\"payload\":%2$s,\"ref\":\"7\",\"join_ref\":\"1\"}",
                "{\"join_ref\":\"1\",\"topic\":\"%1$s\",\"event\":\"phx_join\",\"payload\":%2$s,\"ref\":\"7\"}",
                "{\"payload\":%2$s,\"ref\":\"7\",\"topic\":\"%1$s\",\"event\":\"phx_join\"}"
            })
    void largeJoinOfVersion1IsAnsweredByItsRef(String message) throws Exception {
        String payload = "{\"x\":\"" + "x".repeat(200_000) + "\"}";
        try (WireClient v1 = server.open("1.0.0")) {
            v1.text(message.formatted(TOPIC, payload));
            assertThat(v1.nextText())
                    .contains("\"ref\":\"7\"", "The payload of the join has " + payload.length() + " bytes");
        }
    }

    @Test
    void tokenOverTheLimitEndsTheChannel() throws Exception {
        client.text(join("1", TOPIC));
        client.nextText();
        client.text("[\"1\",\"2\",\"" + TOPIC + "\",\"access_token\",{\"access_token\":\"" + "x".repeat(64 * 1024)
                + "\"}]");
        assertThat(client.nextText()).contains("PayloadSizeExceeded", "MAX_JOIN_SIZE allows 65536");
        assertThat(client.nextText()).contains("phx_close");
    }

    @ParameterizedTest
    @ValueSource(ints = {1_025, 2_048})
    void longTopicOfVersion1IsRefused(int bytes) throws Exception {
        try (WireClient v1 = server.open("1.0.0")) {
            v1.text(joinV1("realtime:" + "x".repeat(bytes - 9), "\"1\""));
            assertThat(v1.nextText()).contains("InvalidJoinPayload: The topic is longer than 1024 bytes");
        }
    }

    @Test
    void namesOfMegabytesAreDropped() throws Exception {
        String huge = "x".repeat(2_000_000);
        client.text(join("1", "realtime:" + huge));
        client.text(join(huge, TOPIC));
        client.text("[\"1\"," + "1".repeat(2_000_000) + ",\"" + TOPIC + "\",\"phx_join\",{}]");
        client.text("[\"1\",\"1\",\"" + TOPIC + "\",\"" + huge + "\",{}]");
        assertThat(before(client, "h1")).isEmpty();
        try (WireClient v1 = server.open("1.0.0")) {
            v1.text(joinV1("realtime:" + huge, "\"1\""));
            v1.text(joinV1(TOPIC, "\"" + huge + "\""));
            v1.text(joinV1(TOPIC, "\"1\""));
            assertThat(v1.nextText()).contains("\"status\":\"ok\"");
        }
    }

    @Test
    void longestNamesAreRead() throws Exception {
        String escaped = "\\u00e4".repeat(512);
        client.text("[\"1\",\"" + escaped + "\",\"" + TOPIC + "\",\"phx_join\",{\"config\":{}}]");
        assertThat(json(client.nextText()).get(1).asText()).isEqualTo("ä".repeat(512));
    }

    @Test
    void longPresenceKeyIsRefused() throws Exception {
        String key = "x".repeat(256);
        client.text(join("1", TOPIC, "{\"config\":{\"presence\":{\"enabled\":true,\"key\":\"" + key + "\"}}}"));
        assertThat(client.nextText()).contains("InvalidJoinPayload: The presence key is longer than 255 bytes");
    }

    private static String joinV1(String topic, String ref) {
        return "{\"topic\":\"" + topic + "\",\"event\":\"phx_join\",\"payload\":{\"config\":{}},\"ref\":" + ref + "}";
    }
}
