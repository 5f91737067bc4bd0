package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.socket.WireClient.Received;
import dev.walcast.server.testing.TestingServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Sockets that send without end take nothing from others. `-Dwalcast.fair.seconds=20` measures one attack.
class FairTurnsTest {
    private static final String TOPIC = "realtime:fair";
    private static final int SECONDS = Integer.getInteger("walcast.fair.seconds", 0);

    /// 10 messages, 10 presence messages and 10 joins a second are 80 frames, and 80 at once.
    @AutoClose
    private final TestingServer server = new TestingServer(TestingServer.limits()
            .messages(10, 10)
            .presence(10, 10)
            .clientJoins(10, 10)
            .idleTimeout(Duration.ofSeconds(2)));

    @Test
    void endlessEmptyFragmentsCloseTheSocket() throws Exception {
        assertFloodIsClosed(new byte[] {0x01, (byte) 0x80, 0, 0, 0, 0}, new byte[] {0x00, (byte) 0x80, 0, 0, 0, 0});
    }

    @Test
    void endlessHeartbeatsCloseTheSocket() throws Exception {
        byte[] text = "[null,\"1\",\"phoenix\",\"heartbeat\",{}]".getBytes(US_ASCII);
        assertFloodIsClosed(frame(0x81, text), frame(0x81, text));
    }

    @Test
    void endlessPushesToNoChannelCloseTheSocket() throws Exception {
        byte[] text = "[null,\"1\",\"realtime:none\",\"broadcast\",{}]".getBytes(US_ASCII);
        assertFloodIsClosed(frame(0x81, text), frame(0x81, text));
    }

    @Test
    void endlessPingsCloseTheSocket() throws Exception {
        assertFloodIsClosed(frame(0x89, new byte[0]), frame(0x89, new byte[125]));
    }

    private void assertFloodIsClosed(byte[] first, byte[] each) throws Exception {
        try (WireClient flooding = server.open()) {
            flooding.raw(first);
            Thread flood = Thread.ofPlatform().daemon().start(() -> floodUntilCut(flooding, each));
            assertThat(flooding.nextClose())
                    .isIn(
                            new Received.Close(1008, CloseReason.FLOOD.text()),
                            // the goodbye is lost when the socket is cut while the client still sends
                            new Received.Close(1006, ""));
            await().until(() -> server.sockets.stats().closed(CloseReason.FLOOD) == 1);
            flood.join(Duration.ofSeconds(10));
            // 80 at once, and 80 a second for about as long as the patience
            assertThat(server.sockets.stats().framesIn()).isLessThan(5_000);
        }
    }

    private static void floodUntilCut(WireClient client, byte[] each) {
        byte[] many = repeated(each, 2_000);
        try {
            while (true) {
                client.raw(many);
            }
        } catch (IOException _) {
            // closed by the server
        }
    }

    @Test
    void onlyLatestPongWaits() throws Exception {
        try (WireClient client = server.open()) {
            client.raw(repeated(frame(0x89, new byte[] {1}), 50));
            client.raw(frame(0x89, new byte[] {2}));
            Received.Pong last = (Received.Pong) client.next();
            while (last.payload()[0] != 2) {
                last = (Received.Pong) client.next();
            }
            assertThat(client.waiting()).isZero();
        }
    }

    /// Prints the latencies of a healthy client beside two attackers, with the default limits. Not part of a build.
    @Test
    @EnabledIfSystemProperty(named = "walcast.fair.seconds", matches = "[1-9]\\d*")
    void echoLatencyBesideTwoFloods() throws Exception {
        try (TestingServer usual = new TestingServer(SocketLimits.defaults())) {
            AtomicBoolean over = new AtomicBoolean();
            for (int i = 0; i < 2; i++) {
                WireClient attacker = usual.open();
                attacker.raw(new byte[] {0x01, (byte) 0x80, 0, 0, 0, 0});
                byte[] many = repeated(new byte[] {0x00, (byte) 0x80, 0, 0, 0, 0}, 10_000);
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        while (!over.get()) {
                            attacker.raw(many);
                        }
                        attacker.close();
                    } catch (IOException _) {
                        // closed by the server
                    }
                });
            }
            List<Long> micros = new ArrayList<>();
            Semaphore paced = new Semaphore(0);
            try (WireClient client = usual.open();
                    ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor()) {
                var _ = pace.scheduleAtFixedRate(paced::release, 0, 20, TimeUnit.MILLISECONDS);
                client.text(TestingServer.join("1", TOPIC));
                client.nextText();
                long endNanos = System.nanoTime() + SECONDS * 1_000_000_000L;
                while (System.nanoTime() - endNanos < 0) {
                    long startNanos = System.nanoTime();
                    client.text(TestingServer.broadcast("m", TOPIC, "{\"event\":\"e\",\"payload\":{}}"));
                    client.nextText();
                    client.nextText();
                    micros.add((System.nanoTime() - startNanos) / 1_000);
                    paced.acquire();
                }
            }
            over.set(true);
            micros.sort(null);
            System.out.printf(
                    "fair turns: %d echoes, p50 %.1f ms, p99 %.1f ms, max %.1f ms%n",
                    micros.size(),
                    micros.get(micros.size() / 2) / 1e3,
                    micros.get(micros.size() * 99 / 100) / 1e3,
                    micros.getLast() / 1e3);
        }
    }

    private static byte[] frame(int first, byte[] payload) {
        byte[] frame = new byte[6 + payload.length];
        frame[0] = (byte) first;
        frame[1] = (byte) (0x80 | payload.length);
        System.arraycopy(payload, 0, frame, 6, payload.length);
        return frame;
    }

    private static byte[] repeated(byte[] bytes, int times) {
        byte[] all = new byte[bytes.length * times];
        for (int i = 0; i < times; i++) {
            System.arraycopy(bytes, 0, all, i * bytes.length, bytes.length);
        }
        return all;
    }
}
