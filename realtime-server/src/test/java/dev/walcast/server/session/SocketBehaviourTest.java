package dev.walcast.server.session;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.broadcast;
import static dev.walcast.server.testing.TestingServer.delivered;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import dev.walcast.server.testing.TestingServer;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// How sockets open, misbehave and end, against the real server.
class SocketBehaviourTest {
    private static final String TOPIC = "realtime:room";
    private static final String LISTEN_ONLY = "{\"config\":{}}";

    @Test
    void bothPathsOpenASocket() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient gateway = WireClient.open(server.port(), TestingServer.path("2.0.0"));
                WireClient direct = WireClient.open(
                        server.port(), "/socket/websocket?apikey=" + TestingTokens.ANON + "&vsn=1.0.0")) {
            assertThat(gateway.status()).isEqualTo(101);
            assertThat(direct.status()).isEqualTo(101);
            assertThat(gateway.header("sec-websocket-accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            await().untilAsserted(
                            () -> assertThat(server.sockets.stats().connected()).isEqualTo(2));
        }
    }

    @Test
    void plainRequestIsAskedToUpgrade() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream()
                    .write("GET /socket/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(UTF_8));
            assertThat(new String(socket.getInputStream().readNBytes(12), UTF_8))
                    .isEqualTo("HTTP/1.1 400");
        }
    }

    @Test
    void headerKeyPrecedesQueryKey() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = WireClient.open(
                        server.port(), TestingServer.path("2.0.0"), Map.of("X-API-Key", "not a token"))) {
            assertThat(client.status()).isEqualTo(401);
        }
    }

    @Test
    void refusedUpgradeDelaysNoOther() throws Exception {
        Duration delay = Duration.ofMillis(700);
        try (TestingServer server = new TestingServer(TestingServer.limits().upgradeRefusalDelay(delay))) {
            List<Thread> refused = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                refused.add(Thread.ofVirtual().start(() -> assertRefused(server)));
            }
            long startNanos = System.nanoTime();
            try (WireClient client = server.open()) {
                client.text(join("1", TOPIC));
                assertThat(client.nextText()).isEqualTo(joined("1", TOPIC));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isLessThan(delay);
            for (Thread thread : refused) {
                thread.join();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isGreaterThan(delay.minusMillis(200));
            assertThat(server.sockets.stats().refusedUpgrades()).isEqualTo(20);
        }
    }

    private static void assertRefused(TestingServer server) {
        try (WireClient client = WireClient.open(server.port(), "/socket/websocket?vsn=2.0.0")) {
            assertThat(client.status()).isEqualTo(401);
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void fragmentedMessageIsAssembled() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = server.open()) {
            client.text(join("1", TOPIC));
            client.nextText();
            byte[] message = broadcast("2", TOPIC, "{\"event\":\"e\",\"payload\":\"ж😀é\"}")
                    .getBytes(UTF_8);
            for (int i = 0; i < message.length - 1; i++) {
                client.frame(i == 0 ? 0x01 : 0x00, Arrays.copyOfRange(message, i, i + 1));
            }
            client.ping(new byte[] {7, 8});
            client.frame(0x80, Arrays.copyOfRange(message, message.length - 1, message.length));
            assertThat(client.next())
                    .isInstanceOfSatisfying(
                            Received.Pong.class,
                            pong -> assertThat(pong.payload()).containsExactly(7, 8));
            assertThat(client.nextText()).isEqualTo(delivered(TOPIC, "{\"event\":\"e\",\"payload\":\"ж😀é\"}"));
            assertThat(client.nextText()).isEqualTo(ok("1", "2", TOPIC));
        }
    }

    @Test
    void tooLargeMessageIsClosedWith1009() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = server.open()) {
            client.frame(0x01, new byte[3_000_000]);
            client.frame(0x80, new byte[3_000_000]);
            assertThat(client.nextClose().code()).isEqualTo(1009);
            assertEnds(server, CloseReason.FRAME_TOO_LARGE, client);
        }
    }

    @Test
    void announcedLengthCostsNoMemory() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = server.open()) {
            client.raw(new byte[] {(byte) 0x82, (byte) 0xFF, 0, 0, 0, 0, 0x7F, 0, 0, 0, 1, 2, 3, 4});
            assertThat(client.nextClose().code()).isEqualTo(1009);
        }
    }

    @Test
    void invalidUtf8IsClosedWith1007() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = server.open()) {
            client.frame(0x81, new byte[] {'[', (byte) 0xC3, '"'});
            assertThat(client.nextClose().code()).isEqualTo(1007);
            assertEnds(server, CloseReason.INVALID_UTF8, client);
        }
    }

    @Test
    void protocolErrorIsClosedWith1002() throws Exception {
        byte[] unmasked = {(byte) 0x81, 0x02, '[', ']'};
        byte[] reserved = {(byte) 0xC1, (byte) 0x80, 1, 2, 3, 4};
        byte[] badOpcode = {(byte) 0x83, (byte) 0x80, 1, 2, 3, 4};
        byte[] longPing = {(byte) 0x89, (byte) 0xFE, 0, (byte) 200, 1, 2, 3, 4};
        byte[] fragmentedPing = {0x09, (byte) 0x80, 1, 2, 3, 4};
        byte[] loneContinuation = {(byte) 0x80, (byte) 0x80, 1, 2, 3, 4};
        byte[] oneByteClose = {(byte) 0x88, (byte) 0x81, 1, 2, 3, 4, 5};
        try (TestingServer server = new TestingServer(TestingServer.limits())) {
            for (byte[] broken :
                    List.of(unmasked, reserved, badOpcode, longPing, fragmentedPing, loneContinuation, oneByteClose)) {
                try (WireClient client = server.open()) {
                    client.raw(broken);
                    assertThat(client.nextClose().code()).isEqualTo(1002);
                }
            }
        }
    }

    @Test
    void closeIsAnsweredWithItsCode() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient client = server.open()) {
            client.text(join("1", TOPIC));
            client.nextText();
            client.sayClose(3001);
            assertThat(client.nextClose().code()).isEqualTo(3001);
            assertEnds(server, CloseReason.CLIENT_CLOSED, client);
        }
    }

    @Test
    void abruptDisconnectIsNoticedAtOnce() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits())) {
            for (boolean reset : new boolean[] {true, false}) {
                WireClient client = server.open();
                client.text(join("1", TOPIC, "{\"config\":{\"postgres_changes\":[{\"schema\":\"public\"}]}}"));
                client.nextText();
                assertThat(server.sockets.channels()).isEqualTo(1);
                if (reset) {
                    client.reset();
                } else {
                    client.hangUp();
                }
                await().until(() -> server.sockets.channels() == 0);
                await().until(() -> server.feed.subscriptions().isEmpty());
                await().until(() -> server.sockets.stats().connected() == 0);
            }
            assertThat(server.sockets.stats().closed(CloseReason.DISCONNECTED)).isEqualTo(2);
            assertThat(server.sockets.openRooms()).isZero();
            assertThat(server.sockets.waitingTimers()).isZero();
        }
    }

    @Test
    void silentSocketIsPingedThenClosed() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().idleTimeout(Duration.ofMillis(400)));
                WireClient client = server.open()) {
            assertThat(client.next()).isInstanceOf(Received.Ping.class);
            assertThat(client.next()).isEqualTo(new Received.Close(1012, CloseReason.IDLE.text()));
        }
    }

    @Test
    void socketThatAnswersPingsStaysOpen() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().idleTimeout(Duration.ofMillis(1_500)));
                WireClient client = server.open()) {
            for (int i = 0; i < 4; i++) {
                assertThat(client.next()).isInstanceOf(Received.Ping.class);
                client.frame(0x8A, new byte[0]);
            }
            assertThat(before(client, "alive")).isEmpty();
        }
    }

    @Test
    void clientThatStopsReadingIsClosedAlone() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().outboxBytesMax(2_000_000));
                WireClient deaf = WireClient.openDeaf(server.port(), TestingServer.path("2.0.0"));
                WireClient sender = server.open();
                WireClient reader = server.open()) {
            joinAll(server, sender, reader);
            deaf.text(join("1", TOPIC, LISTEN_ONLY));
            await().until(() -> server.sockets.channels() == 3);
            long slowestNanos = 0;
            // far more than the outbox and the buffers of the operating system together
            for (int i = 0; i < 400; i++) {
                long startNanos = System.nanoTime();
                exchange(sender, reader, i, 50_000);
                slowestNanos = Math.max(slowestNanos, System.nanoTime() - startNanos);
            }
            assertThat(Duration.ofNanos(slowestNanos)).isLessThan(Duration.ofSeconds(2));
            deaf.listen();
            assertThat(deaf.nextClose()).isEqualTo(new Received.Close(1013, CloseReason.SLOW_CONSUMER.text()));
            deaf.hangUp();
            await().until(() -> server.sockets.stats().closed(CloseReason.SLOW_CONSUMER) == 1);
            exchange(sender, reader, 9_999, 10);
        }
    }

    @Test
    void slowWriteEndsTheConnection() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits().writeTimeout(Duration.ofMillis(300)));
                WireClient deaf = WireClient.openDeaf(server.port(), TestingServer.path("2.0.0"));
                WireClient sender = server.open();
                WireClient reader = server.open()) {
            joinAll(server, sender, reader);
            deaf.text(join("1", TOPIC, LISTEN_ONLY));
            await().until(() -> server.sockets.channels() == 3);
            for (int i = 0; i < 8; i++) {
                exchange(sender, reader, i, 2_000_000);
            }
            await().until(() -> server.sockets.channels() == 2);
            assertThat(server.sockets.stats().closed(CloseReason.WRITE_TIMEOUT)).isEqualTo(1);
            exchange(sender, reader, 100, 10);
        }
    }

    @Test
    void drainingClosesAllAndAdmitsNone() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient v2 = server.open();
                WireClient v1 = server.open("1.0.0")) {
            v2.text(join("1", TOPIC));
            v2.nextText();
            Thread draining = Thread.ofVirtual().start(() -> drain(server));
            assertThat(v2.nextText()).isEqualTo("""
                            [null,null,"realtime:room","system",{"status":"ok",\
                            "message":"Server requested disconnect","extension":"system","channel":"room"}]""");
            assertThat(v2.nextClose().code()).isEqualTo(1012);
            assertThat(v1.nextClose().code()).isEqualTo(1012);
            v1.sayClose(1012);
            v2.hangUp();
            assertThat(draining.join(Duration.ofSeconds(3))).isTrue();
            assertThat(server.sockets.stats().connected()).isZero();
            try (WireClient late = server.open()) {
                assertThat(late.status()).isEqualTo(503);
            }
        }
    }

    @Test
    void drainingDoesNotWaitForSilentClients() throws Exception {
        try (TestingServer server = new TestingServer(TestingServer.limits());
                WireClient deaf = WireClient.openDeaf(server.port(), TestingServer.path("2.0.0"))) {
            await().until(() -> server.sockets.stats().connected() == 1);
            server.sockets.drain(Duration.ofMillis(200));
            await().until(() -> server.sockets.stats().connected() == 0);
            assertThat(deaf.status()).isEqualTo(101);
        }
    }

    private static void drain(TestingServer server) {
        try {
            server.sockets.drain(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void joinAll(TestingServer server, WireClient sender, WireClient reader) throws Exception {
        sender.text(join("1", TOPIC, "{\"config\":{\"broadcast\":{\"ack\":true}}}"));
        sender.nextText();
        reader.text(join("1", TOPIC, LISTEN_ONLY));
        reader.nextText();
        assertThat(server.sockets.channels()).isEqualTo(2);
    }

    /// One broadcast, acknowledged and received.
    private static void exchange(WireClient sender, WireClient reader, int n, int size) throws Exception {
        String payload = "{\"event\":\"e\",\"n\":" + n + ",\"payload\":\"" + "x".repeat(size) + "\"}";
        sender.text(broadcast(String.valueOf(n), TOPIC, payload));
        assertThat(sender.nextText()).isEqualTo(ok("1", String.valueOf(n), TOPIC));
        assertThat(reader.nextText()).isEqualTo(delivered(TOPIC, payload));
    }

    private static void assertEnds(TestingServer server, CloseReason reason, WireClient client) throws Exception {
        client.hangUp();
        await().until(() -> server.sockets.stats().closed(reason) == 1);
        assertThat(server.sockets.channels()).isZero();
    }
}
