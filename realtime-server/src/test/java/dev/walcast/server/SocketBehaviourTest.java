package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.RawSocket.Received;
import dev.walcast.server.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What a client does to its own connection, and that nobody else notices.
class SocketBehaviourTest {
    private static final String PLAIN = "{\"broadcast\":{\"ack\":false,\"self\":false}}";
    private static final long SMALL_OUTBOX = 6L << 20;

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute("create role anon nologin", "create publication supabase_realtime");
        server = TestServer.start(TestServer.settings(postgres, "sockets", TestServer.limits(SMALL_OUTBOX, 3_000_500)));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        await().until(() -> server.server().sockets().size() == 0);
        assertThat(server.server().hub().topics()).isZero();
    }

    @Test
    void aMultiByteCharacterMaySpanFragmentsAndControlFramesMayComeBetween() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            socket.join("realtime:frag", "{\"broadcast\":{\"self\":true}}");
            byte[] message = "[\"1\",\"2\",\"realtime:frag\",\"broadcast\",{\"event\":\"é😀\"}]"
                    .getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < message.length; i++) {
                socket.frame(i == message.length - 1, i == 0 ? 0x1 : 0x0, new byte[] {message[i]});
                if (i == 20) {
                    socket.frame(true, 0x9, "hi".getBytes(StandardCharsets.UTF_8));
                    RawSocket.Frame pong = socket.readFrame();
                    assertThat(pong.opCode()).isEqualTo(0xA);
                    assertThat(pong.payload()).asString(StandardCharsets.UTF_8).isEqualTo("hi");
                }
            }
            assertThat(socket.receiveJson().at("/4/event").asText()).isEqualTo("é😀");
        }
    }

    @Test
    void whatTheStandardForbidsEndsTheConnectionWithTheRightCode() throws Exception {
        assertClosed(1007, socket -> socket.frame(true, 0x1, new byte[] {(byte) 0xC3, 0x28}));
        assertClosed(1002, socket -> socket.bytes(new byte[] {(byte) 0x81, 1, 'x'})); // not masked
        assertClosed(1002, socket -> socket.frame(true, 0x3, new byte[0]));
        assertClosed(1002, socket -> socket.frame(true, 0x0, new byte[0])); // continues nothing
        assertClosed(1002, socket -> socket.frame(false, 0x9, new byte[0])); // a control frame in fragments
        assertClosed(1002, socket -> socket.bytes(new byte[] {(byte) 0xC1, (byte) 0x80, 0, 0, 0, 0})); // a reserved bit
        assertClosed(
                1009,
                socket -> socket.bytes(new byte[] {(byte) 0x82, (byte) 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4}));
        assertClosed(1009, socket -> socket.frame(true, 0x2, new byte[5_000_001]));
        assertClosed(1000, socket -> socket.frame(true, 0x8, new byte[] {3, (byte) 0xE8}));
    }

    private interface Misdeed {
        void on(RawSocket socket) throws Exception;
    }

    private static void assertClosed(int code, Misdeed misdeed) throws Exception {
        try (RawSocket socket = server.open("anon")) {
            misdeed.on(socket);
            assertThat(socket.receive())
                    .isInstanceOfSatisfying(
                            Received.Closed.class,
                            closed -> assertThat(closed.code()).isEqualTo(code));
        }
    }

    @Test
    void aClientThatVanishesIsNoticedAtOnce() throws Exception {
        RawSocket fin = server.open("anon");
        RawSocket reset = server.open("anon");
        fin.join("realtime:gone", PLAIN);
        reset.join("realtime:gone", PLAIN);
        assertThat(server.server().hub().channels()).isEqualTo(2);
        fin.close();
        reset.reset();
        await().atMost(Duration.ofSeconds(2)).until(() -> server.server().hub().channels() == 0);
    }

    @Test
    void aClientThatDoesNotReadIsDisconnectedAndOthersDoNotNotice() throws Exception {
        long slow = closed(CloseReason.SLOW_CONSUMER) + closed(CloseReason.WRITE_TIMEOUT);
        try (RawSocket sender = server.open("anon");
                RawSocket reader = server.open("anon");
                RawSocket stalled = RawSocket.openWithSmallBuffer(
                        server.port(), "/socket/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon"))) {
            sender.join("realtime:busy", "{\"broadcast\":{\"ack\":true}}");
            reader.join("realtime:busy", PLAIN);
            stalled.join("realtime:busy", PLAIN);
            String filler = "x".repeat(100_000);
            for (int i = 0; i < 200; i++) {
                sender.send("[\"1\",\"" + i + "\",\"realtime:busy\",\"broadcast\",{\"event\":\"e\",\"n\":" + i
                        + ",\"f\":\"" + filler + "\"}]");
                assertThat(sender.receiveJson().get(3).asText()).isEqualTo("phx_reply");
                assertThat(reader.receiveJson().at("/4/n").asInt()).isEqualTo(i);
            }
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> closed(CloseReason.SLOW_CONSUMER) + closed(CloseReason.WRITE_TIMEOUT) == slow + 1);
            assertThat(server.server().hub().channels()).isEqualTo(2);
        }
    }

    private static long closed(CloseReason reason) {
        return server.server().sockets().counters().closed(reason);
    }

    @Test
    void onceItsJoinIsAnsweredAMemberMissesNothing() throws Exception {
        for (int round = 0; round < 300; round++) {
            try (RawSocket sender = server.open("anon");
                    RawSocket member = server.open("anon")) {
                sender.join("realtime:x", PLAIN);
                member.join("realtime:x", PLAIN);
                sender.send("[\"1\",\"2\",\"realtime:x\",\"broadcast\",{\"event\":\"e\",\"n\":" + round + "}]");
                assertThat(member.receiveJson().at("/4/n").asInt()).isEqualTo(round);
            }
        }
    }

    @Test
    void aRefusedJoinIsAnsweredLateAndHoldsUpNothing() throws Exception {
        ServerSettings.Limits usual = TestServer.limits(SMALL_OUTBOX, 1_000_000);
        ServerSettings.Limits late = new ServerSettings.Limits(
                usual.outboxBytesMax(),
                usual.writeTimeout(),
                usual.idleTimeout(),
                Duration.ofSeconds(1),
                usual.refusalDelay(),
                usual.payloadBytesMax(),
                usual.frameBytesMax(),
                2,
                usual.recordBytesMax());
        try (TestServer slow = TestServer.start(TestServer.settings(postgres, "late", late));
                RawSocket socket = slow.open("anon")) {
            socket.send("[\"1\",\"1\",\"realtime:\",\"phx_join\",{\"config\":{}}]");
            assertThat(socket.untilHeartbeat(false)).isEmpty();
            assertThat(socket.join("realtime:a", PLAIN).get("status").asText()).isEqualTo("ok");
            assertThat(socket.join("realtime:b", PLAIN).get("status").asText()).isEqualTo("ok");
            assertThat(socket.receiveJson().at("/4/response/reason").asText()).startsWith("TopicNameRequired");
            assertThat(socket.join("realtime:c", PLAIN).at("/response/reason").asText())
                    .isEqualTo("ChannelRateLimitReached: Too many channels");
        }
    }

    @Test
    void aPrivateChannelIsRefusedAndATopicTooLongForItsFramesToo() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            assertThat(socket.join("realtime:x", "{\"private\":true}")
                            .at("/response/reason")
                            .asText())
                    .startsWith("Unauthorized: Private channels are not available");
            assertThat(socket.join("realtime:" + "x".repeat(250), "{}")
                            .at("/response/reason")
                            .asText())
                    .startsWith("TopicTooLong");
        }
    }

    @Test
    void aTokenThatRunsOutEndsItsChannelAndASucceedingOneKeepsIt() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            String brief = token(Duration.ofSeconds(2));
            socket.send("[\"1\",\"1\",\"realtime:t\",\"phx_join\",{\"config\":{},\"access_token\":\"" + brief + "\"}]");
            assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("ok");
            socket.send("[\"2\",\"2\",\"realtime:u\",\"phx_join\",{\"config\":{},\"access_token\":\"" + brief + "\"}]");
            assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("ok");
            socket.send("[\"2\",\"3\",\"realtime:u\",\"access_token\",{\"access_token\":\"" + TestServer.token("anon")
                    + "\"}]");
            JsonNode system = socket.receiveJson();
            assertThat(system.get(3).asText()).isEqualTo("system");
            assertThat(system.at("/4/message").asText()).isEqualTo("Token has expired 0 seconds ago");
            assertThat(socket.receiveJson().toString()).isEqualTo("[\"1\",\"1\",\"realtime:t\",\"phx_close\",{}]");
            socket.send("[\"2\",\"4\",\"realtime:u\",\"access_token\",{\"access_token\":\"broken\"}]");
            assertThat(socket.receiveJson().at("/4/message").asText())
                    .isEqualTo("The token provided is not a valid JWT");
            assertThat(socket.receiveJson().get(3).asText()).isEqualTo("phx_close");
        }
    }

    private static String token(Duration validFor) {
        return new dev.walcast.server.auth.TokenIssuer(TestServer.SECRET, java.time.Clock.systemUTC())
                .issue("anon", Map.of(), validFor);
    }

    @Test
    void stoppingTellsEveryClientToComeBack() throws Exception {
        TestServer stopping = TestServer.start(postgres);
        try (RawSocket socket = stopping.open("anon")) {
            socket.join("realtime:d", PLAIN);
            Thread stop = Thread.ofVirtual().start(stopping::close);
            assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo("Server requested disconnect");
            assertThat(socket.receive()).isEqualTo(new Received.Closed(1012, "server restarts"));
            socket.close();
            stop.join();
        }
    }

    @Test
    void randomConversationsReachExactlyTheMembers() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<RawSocket> sockets = new ArrayList<>();
        List<Set<String>> joined = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            sockets.add(server.open("anon"));
            joined.add(new TreeSet<>());
        }
        for (int step = 0; step < 400; step++) {
            int who = random.nextInt(4);
            String topic = "realtime:r" + random.nextInt(3);
            RawSocket socket = sockets.get(who);
            switch (random.nextInt(4)) {
                case 0 -> {
                    if (joined.get(who).add(topic)) {
                        assertThat(socket.join(topic, PLAIN).get("status").asText())
                                .isEqualTo("ok");
                    }
                }
                case 1 -> {
                    socket.send("[\"1\",\"9\",\"" + topic + "\",\"phx_leave\",{}]");
                    assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("ok");
                    if (joined.get(who).remove(topic)) {
                        assertThat(socket.receiveJson().get(3).asText()).isEqualTo("phx_close");
                    }
                }
                default -> {
                    socket.send("[\"1\",\"8\",\"" + topic + "\",\"broadcast\",{\"event\":\"e\",\"n\":" + step + "}]");
                    boolean member = joined.get(who).contains(topic);
                    if (!member) {
                        assertThat(socket.receiveJson().at("/4/response/reason").asText())
                                .isEqualTo("unmatched topic");
                    }
                    for (int other = 0; other < 4; other++) {
                        if (member && other != who && joined.get(other).contains(topic)) {
                            assertThat(sockets.get(other)
                                            .receiveJson()
                                            .at("/4/n")
                                            .asInt())
                                    .as("seed " + seed)
                                    .isEqualTo(step);
                        }
                    }
                }
            }
        }
        for (RawSocket socket : sockets) {
            assertThat(socket.untilHeartbeat(false)).as("seed " + seed).isEmpty();
            socket.close();
        }
    }
}
