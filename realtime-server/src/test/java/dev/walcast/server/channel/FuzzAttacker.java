package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.walcast.server.testing.RawFrame;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestingServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// A sequence of clients that send [FuzzFrames]. Checks that received frames are well-formed and not meant for
/// another client, that the server still answers after each batch, and that it closes with the right code.
final class FuzzAttacker {
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNestingDepth(10_000)
                    .build())
            .build());
    private static final int BATCH_MAX = 200;

    private final int port;
    private final Random random;
    private final FuzzFrames frames;
    private final AtomicLong left;
    private final String secret;

    /// @param left   how many frames are still to be sent, by all attackers together
    /// @param secret a text that no attacker may ever receive
    FuzzAttacker(int port, long seed, AtomicLong left, String secret) {
        this.port = port;
        this.random = new Random(seed);
        this.frames = new FuzzFrames(random);
        this.left = left;
        this.secret = secret;
    }

    /// @throws AssertionError when the server did something wrong
    void run() throws Exception {
        while (left.get() > 0) {
            boolean isVersion2 = random.nextInt(3) > 0;
            try (Wire wire = new Wire(isVersion2)) {
                boolean stays = true;
                while (stays && left.get() > 0) {
                    stays = round(wire, isVersion2);
                }
            }
        }
    }

    /// Whether the connection is still good.
    private boolean round(Wire wire, boolean isVersion2) throws Exception {
        int count = 1 + random.nextInt(BATCH_MAX);
        left.addAndGet(-count);
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            batch.writeBytes(frames.harmless(isVersion2));
        }
        batch.writeBytes(intrusion(isVersion2));
        wire.send(batch.toByteArray());
        wire.heartbeat("beat" + left.get());
        return switch (random.nextInt(12)) {
            case 0 -> {
                FuzzFrames.Fatal fatal = frames.fatal();
                wire.send(fatal.bytes());
                wire.expectClose(fatal.code());
                yield false;
            }
            case 1 -> {
                wire.vanish(random.nextBoolean());
                yield false;
            }
            default -> true;
        };
    }

    /// Tries to join the healthy client's topic as a private one.
    private byte[] intrusion(boolean isVersion2) {
        String payload = """
                {"config":{"private":true,"broadcast":{"self":true}}}""";
        String text = isVersion2
                ? "[\"9\",\"9\",\"realtime:healthy\",\"phx_join\"," + payload + "]"
                : "{\"topic\":\"realtime:healthy\",\"event\":\"phx_join\",\"ref\":\"9\",\"payload\":" + payload + "}";
        return frames.frame(0x81, text.getBytes(UTF_8));
    }

    private final class Wire implements AutoCloseable {
        private final boolean isVersion2;
        private final RawSocket socket;
        private final BlockingQueue<String> beats = new LinkedBlockingQueue<>();
        private final BlockingQueue<Integer> closed = new LinkedBlockingQueue<>();
        private volatile Throwable failure;

        Wire(boolean isVersion2) throws IOException {
            this.isVersion2 = isVersion2;
            this.socket = RawSocket.connect("127.0.0.1", port, Duration.ZERO, 0)
                    .upgrade(TestingServer.path(isVersion2 ? "2.0.0" : "1.0.0"), Map.of());
            Thread.ofPlatform().daemon().name("fuzz-reader").start(this::readAll);
        }

        void send(byte[] bytes) throws IOException {
            socket.bytes(bytes);
        }

        void heartbeat(String ref) throws Exception {
            String text = isVersion2
                    ? "[null,\"" + ref + "\",\"phoenix\",\"heartbeat\",{}]"
                    : "{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":\"" + ref + "\"}";
            send(frames.frame(0x81, text.getBytes(UTF_8)));
            require(() -> ref.equals(poll(beats)), "no answer to " + ref);
        }

        void expectClose(int code) throws Exception {
            Integer received = poll(closed);
            require(() -> received != null && received == code, "closed with " + received + " rather than " + code);
        }

        /// Without a goodbye.
        void vanish(boolean withReset) throws IOException {
            if (withReset) {
                socket.reset();
            } else {
                socket.close();
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
            if (failure != null) {
                throw new AssertionError("an attacker received what it should not", failure);
            }
        }

        private void require(BooleanSupplier holds, String otherwise) {
            if (!holds.getAsBoolean() || failure != null) {
                throw new AssertionError(otherwise, failure);
            }
        }

        private <T> T poll(BlockingQueue<T> queue) {
            try {
                return queue.poll(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            }
        }

        private void readAll() {
            try {
                while (read()) {}
            } catch (IOException _) {
                closed.add(1006);
            } catch (Throwable e) {
                failure = e;
            }
        }

        private boolean read() throws IOException {
            RawFrame frame = socket.readFrame();
            switch (frame.first()) {
                case 0x81 -> checkText(new String(frame.payload(), UTF_8));
                case 0x82 -> checkBinary(frame.payload());
                case 0x89, 0x8A -> {}
                case 0x88 -> {
                    closed.add(frame.closeCode());
                    return false;
                }
                default -> throw new AssertionError("a frame that begins with " + frame.first());
            }
            return true;
        }

        private void checkText(String text) throws IOException {
            JsonNode frame = JSON.readTree(text);
            boolean shapely = isVersion2
                    ? frame.isArray() && frame.size() == 5 && frame.get(4).isObject()
                    : frame.isObject()
                            && frame.has("ref")
                            && !frame.has("join_ref")
                            && frame.get("payload").isObject();
            if (!shapely || text.contains(secret)) {
                throw new AssertionError(text);
            }
            JsonNode ref = isVersion2 ? frame.get(1) : frame.get("ref");
            JsonNode topic = isVersion2 ? frame.get(2) : frame.get("topic");
            if (topic.asText().equals("phoenix") && ref.asText().startsWith("beat")) {
                beats.add(ref.asText());
            }
        }

        private void checkBinary(byte[] payload) {
            if (!isVersion2 || payload[0] != 4 || new String(payload, ISO_8859_1).contains(secret)) {
                throw new AssertionError("a binary frame of kind " + payload[0]);
            }
        }
    }
}
