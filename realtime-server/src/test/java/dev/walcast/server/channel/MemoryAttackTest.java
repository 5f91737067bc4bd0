package dev.walcast.server.channel;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.broadcast;
import static dev.walcast.server.testing.TestingServer.delivered;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.presence.PresenceLimits;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.RawFrame;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Clients that make the server hold as much as they can, beside a healthy one. At the end all counted memory is
/// given back.
class MemoryAttackTest {
    private static final int MIB = 1 << 20;
    private static final String TOPIC = "realtime:quiet";

    private final List<Closeable> attackers = new ArrayList<>();
    private final MemoryBudget memory = new MemoryBudget(12 * MIB, 10 * MIB, System::nanoTime);
    private TestingServer server;
    private WireClient healthy;

    @BeforeEach
    void start() throws Exception {
        server = new TestingServer(
                TestingServer.limits()
                        .outboxBytesMax(8 * MIB)
                        .presenceWindow(1_000)
                        .joinRefusalDelay(Duration.ofSeconds(60))
                        .build(),
                new PresenceLimits(Duration.ofMillis(20), Duration.ofMillis(300), 10_000, 8L * MIB, false),
                new TestingTopics(),
                memory);
        healthy = server.open();
        healthy.text(join("1", TOPIC));
        assertThat(healthy.nextText()).isEqualTo(joined("1", TOPIC));
    }

    @AfterEach
    void giveAllBack() throws Exception {
        assertHealthy();
        for (Closeable attacker : attackers) {
            attacker.close();
        }
        healthy.close();
        await().atMost(Duration.ofSeconds(20)).until(() -> memory.used() == 0);
        server.close();
    }

    private void assertHealthy() throws Exception {
        healthy.text(broadcast("7", TOPIC, "{\"event\":\"e\",\"payload\":{}}"));
        assertThat(before(healthy, "8")).contains(delivered(TOPIC, "{\"event\":\"e\",\"payload\":{}}"));
    }

    private WireClient attacker() throws IOException {
        WireClient client = server.open();
        attackers.add(client);
        return client;
    }

    @Test
    void partialMessagesOfManySockets() throws Exception {
        byte[] head = RawFrame.head(0x82, 4_900_000, 0);
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            WireClient client = attacker();
            clients.add(client);
            client.raw(head);
            sendPart(client);
        }
        await().until(() -> server.sockets.stats().closed(CloseReason.MEMORY) >= 15);
        assertThat(memory.peak()).isLessThan(16 * MIB);
        assertThat(memory.refusals() + memory.endings()).isPositive();
        assertHealthy();
        List<Integer> codes = new ArrayList<>();
        for (WireClient client : clients) {
            if (client.waiting() > 0) {
                codes.add(client.nextClose().code());
            }
        }
        assertThat(codes).contains(1013);
    }

    /// 1 MB; the server may cut the connection meanwhile.
    private static void sendPart(WireClient client) {
        try {
            for (int sent = 0; sent < 16; sent++) {
                client.raw(new byte[64 * 1024]);
            }
        } catch (IOException _) {
            // it has been refused
        }
    }

    @Test
    void readersThatDoNotRead() throws Exception {
        for (int i = 0; i < 8; i++) {
            WireClient deaf = WireClient.openDeaf(server.port(), TestingServer.path("2.0.0"));
            attackers.add(deaf);
            deaf.text(join("1", "realtime:loud" + i));
        }
        await().until(() -> server.sockets.channels() == 9);
        for (int i = 0; i < 8; i++) {
            WireClient loud = attacker();
            loud.text(join("1", "realtime:loud" + i, "{}"));
            for (int n = 0; n < 12; n++) {
                loud.text(broadcast("2", "realtime:loud" + i, payload(500_000)));
            }
        }
        await().until(() -> server.sockets.stats().closed(CloseReason.MEMORY) > 0);
        assertThat(memory.peak()).isLessThan(20 * MIB);
        assertHealthy();
    }

    @Test
    void oneBroadcastForManyCountsOnce() throws Exception {
        List<WireClient> many = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            WireClient client = attacker();
            client.text(join("1", TOPIC));
            assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
            many.add(client);
        }
        String large = payload(1_000_000);
        for (int n = 0; n < 3; n++) {
            healthy.text(broadcast("2", TOPIC, large));
            for (WireClient client : many) {
                assertThat(client.nextText()).hasSizeGreaterThan(1_000_000);
            }
        }
        assertThat(before(healthy, "3")).hasSizeGreaterThanOrEqualTo(3);
        assertThat(memory.endings()).isZero();
        assertThat(memory.refusals()).isZero();
    }

    private static String payload(int length) {
        return "{\"event\":\"e\",\"payload\":{\"x\":\"" + "x".repeat(length) + "\"}}";
    }

    @Test
    void presencesWithLargeTrees() throws Exception {
        WireClient nesting = attacker();
        nesting.text(join("1", "realtime:nest"));
        assertThat(nesting.nextText()).isEqualTo(joined("1", "realtime:nest"));
        String nest = "{\"\":".repeat(400) + "{}" + "}".repeat(400);
        nesting.text(presence("2", "realtime:nest", "[" + (nest + ",").repeat(500) + "{}]"));
        assertThat(nesting.nextText()).contains("MemoryLimitReached");

        for (int i = 0; i < 6; i++) {
            WireClient client = attacker();
            client.text(join("1", "realtime:p" + i));
            client.text(presence("2", "realtime:p" + i, "\"" + "x".repeat(500_000) + "\""));
        }
        await().until(() -> memory.peak() > 5 * MIB);
        assertHealthy();
    }

    @Test
    void presenceOverItsSizeTakesNoMemory() throws Exception {
        WireClient large = attacker();
        large.text(join("1", "realtime:large"));
        assertThat(large.nextText()).isEqualTo(joined("1", "realtime:large"));
        large.text(presence("2", "realtime:large", "[" + "{},".repeat(1_200_000) + "{}]"));
        assertThat(large.nextText()).contains("Track message size exceeded");
    }

    private static String presence(String ref, String topic, String value) {
        return "[\"1\",\"" + ref + "\",\"" + topic
                + "\",\"presence\",{\"type\":\"presence\",\"event\":\"track\",\"payload\":{\"v\":" + value + "}}]";
    }

    @Test
    void topicsOfRefusedJoins() throws Exception {
        WireClient client = server.open("1.0.0");
        attackers.add(client);
        String topic = "realtime:" + "t".repeat(200_000);
        for (int i = 0; i < 100; i++) {
            client.text("{\"topic\":\"" + topic + "\",\"event\":\"phx_join\",\"ref\":\"1\",\"payload\":7}");
        }
        assertThat(heartbeat(client)).isNotNull();
        assertThat(memory.peak()).isLessThan(13 * MIB);
    }

    /// Waits until the server has processed the frames of the 1.0.0 client.
    private static String heartbeat(WireClient client) throws Exception {
        client.text("""
                {"topic":"phoenix","event":"heartbeat","ref":"9","payload":{}}""");
        return client.nextText();
    }

    @Test
    void bodiesOfManyRequests() throws Exception {
        for (int i = 0; i < 12; i++) {
            Socket socket = new Socket("127.0.0.1", server.port());
            attackers.add(socket);
            OutputStream out = socket.getOutputStream();
            out.write(
                    ("POST /api/broadcast HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                                    + TestingTokens.signed(
                                            "{\"role\":\"authenticated\",\"sub\":\"u" + i + "\",\"exp\":2100000000}")
                                    + "\r\nContent-Length: 7000000\r\n\r\n")
                            .getBytes(US_ASCII));
            out.write(new byte[2_000_000]);
            out.flush();
        }
        await().until(() -> memory.endings() + memory.refusals() > 0);
        assertThat(memory.peak()).isLessThan(20 * MIB);
        assertHealthy();
    }
}
