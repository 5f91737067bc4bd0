package dev.walcast.server.frames;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.limits.InboundLimits;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.Serializer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Random streams of frames, whole and damaged, compared with a second reader written from RFC 6455 alone. Texts then
/// go through both protocol versions, which must not fail. The long run is `-Dwalcast.fuzz.cases=1000000`;
/// `-Dwalcast.fuzz.seed` repeats one.
class FrameFuzzTest {
    private static final int MESSAGE_BYTES_MAX = 2_000;
    private static final InboundLimits LIMITS = InboundLimits.of(SocketLimits.defaults());
    private static final List<Serializer> VERSIONS = List.of(
            Serializer.forVersion("1.0.0").orElseThrow(),
            Serializer.forVersion("2.0.0").orElseThrow());
    private static final List<String> TEXTS = List.of(
            "[\"1\",\"2\",\"realtime:x\",\"phx_join\",{\"config\":{\"private\":false}}]",
            "[null,\"2\",\"phoenix\",\"heartbeat\",{}]",
            "{\"topic\":\"realtime:x\",\"event\":\"broadcast\",\"payload\":{\"event\":\"é😀\"},\"ref\":\"1\",\"join_ref\":\"1\"}",
            "{\"topic\":\"realtime:x\",\"event\":\"presence\",\"ref\":null,\"payload\":{\"event\":\"track\",\"payload\":[1e99,-0.5]}}",
            "[1,2.5,\"\\ud83d\\ude00\",\"access_token\",{\"access_token\":\"\\u0000\"}]",
            "");

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final long cases = Long.getLong("walcast.fuzz.cases", 20_000);
    private final Random random = new Random(seed);

    @Test
    void damagedFramesFollowTheProtocol() {
        int broken = 0;
        int messages = 0;
        for (long i = 0; i < cases; i++) {
            byte[] wire = random.nextInt(3) == 0 ? stream() : damaged(stream());
            List<String> expected = new Expected(wire).outcomes();
            List<String> actual = outcomes(wire);
            if (!actual.equals(expected)) {
                assertThat(actual)
                        .as("case %d of seed %d: %s", i, seed, HexFormat.of().formatHex(wire))
                        .isEqualTo(expected);
            }
            broken += expected.getLast().startsWith("broken") ? 1 : 0;
            messages += expected.size() - 1;
        }
        System.out.printf(
                "frame fuzz: %d streams with seed %d, %d messages, %d streams broken%n", cases, seed, messages, broken);
        assertThat(broken).isPositive();
        assertThat(messages).isPositive();
    }

    /// The results of the server's reader. Any exception except that of an invalid frame fails the test.
    private List<String> outcomes(byte[] wire) {
        List<String> outcomes = new ArrayList<>();
        InboundPace pace = new InboundPace(LIMITS, System::nanoTime, new NoRest());
        MemoryAccount memory = new MemoryBudget(1 << 20, 1 << 20, System::nanoTime).open(() -> {});
        FrameReader reader = new FrameReader(
                trickling(wire), MESSAGE_BYTES_MAX, new MessageBuffer(memory), pace, new FirstByteDecides());
        try {
            while (true) {
                switch (reader.next()) {
                    case Inbound.Text(byte[] utf8) -> {
                        VERSIONS.forEach(version -> version.decodeText(utf8));
                        outcomes.add("text " + HexFormat.of().formatHex(utf8));
                    }
                    case Inbound.TooLarge(byte[] beginning, byte[] end, int bytes) -> {
                        VERSIONS.forEach(version -> version.begin(beginning));
                        VERSIONS.forEach(version -> version.decodeLarge(beginning, end, bytes));
                        outcomes.add(tooLarge(bytes, beginning, end));
                    }
                    case Inbound.Binary(byte[] bytes) -> {
                        VERSIONS.forEach(version -> version.decodeBinary(bytes));
                        outcomes.add("binary " + HexFormat.of().formatHex(bytes));
                    }
                    case Inbound.Ping(byte[] payload) ->
                        outcomes.add("ping " + HexFormat.of().formatHex(payload));
                    case Inbound.Pong() -> outcomes.add("pong");
                    case Inbound.Close(byte[] echo) -> {
                        outcomes.add("close " + HexFormat.of().formatHex(echo));
                        return outcomes;
                    }
                    case Inbound.End() -> {
                        outcomes.add("end");
                        return outcomes;
                    }
                }
            }
        } catch (InvalidFrameException e) {
            outcomes.add("broken " + e.reason());
            return outcomes;
        } catch (Exception e) {
            throw new AssertionError(
                    "seed " + seed + ", stream " + HexFormat.of().formatHex(wire), e);
        }
    }

    private static String tooLarge(int bytes, byte[] beginning, byte[] end) {
        HexFormat hex = HexFormat.of();
        return "too large " + bytes + " " + hex.formatHex(beginning) + " " + hex.formatHex(end);
    }

    private static final class NoRest implements InboundPace.Rest {
        @Override
        public void yieldTurn() {
            // others do not matter here
        }

        @Override
        public void pause(Duration time) {
            throw new AssertionError("held back");
        }
    }

    private static final class FirstByteDecides implements EarlyLook {
        private static final int BYTES = 100;

        @Override
        public int bytes() {
            return BYTES;
        }

        @Override
        public int bytesMax(byte[] beginning) {
            return switch (beginning[0] & 3) {
                case 0 -> 0;
                case 1 -> 2 * BYTES;
                default -> Integer.MAX_VALUE;
            };
        }
    }

    // -- streams

    private byte[] stream() {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        for (int i = random.nextInt(5); i >= 0; i--) {
            message(wire);
        }
        return wire.toByteArray();
    }

    private void message(ByteArrayOutputStream wire) {
        int opcode = random.nextInt(3) == 0 ? 2 : 1;
        byte[] payload = payload(opcode);
        int done = 0;
        while (random.nextInt(3) == 0) {
            int n = random.nextInt(4) == 0 ? 0 : random.nextInt(payload.length - done + 1);
            wire.writeBytes(frame(opcode, Arrays.copyOfRange(payload, done, done + n)));
            opcode = 0;
            done += n;
            if (random.nextInt(3) == 0) {
                control(wire);
            }
        }
        wire.writeBytes(frame(0x80 | opcode, Arrays.copyOfRange(payload, done, payload.length)));
        if (random.nextInt(5) == 0) {
            control(wire);
        }
    }

    private byte[] payload(int opcode) {
        if (opcode == 2 || random.nextInt(10) == 0) {
            return randomBytes(random.nextInt(random.nextInt(20) == 0 ? MESSAGE_BYTES_MAX + 10 : 200));
        }
        StringBuilder text = new StringBuilder(TEXTS.get(random.nextInt(TEXTS.size())));
        for (int i = random.nextInt(4); i > 0 && !text.isEmpty(); i--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, "[]{}\",:\\0-e.".charAt(random.nextInt(12)));
                case 2 -> text.insert(at, text.substring(at));
                default -> text.setLength(at);
            }
        }
        return text.toString().getBytes(UTF_8);
    }

    private void control(ByteArrayOutputStream wire) {
        switch (random.nextInt(8)) {
            case 0 -> wire.writeBytes(frame(0x88, closePayload()));
            case 1, 2, 3 -> wire.writeBytes(frame(0x8A, randomBytes(random.nextInt(126))));
            default -> wire.writeBytes(frame(0x89, randomBytes(random.nextInt(126))));
        }
    }

    private byte[] closePayload() {
        return switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> randomBytes(random.nextInt(10));
            default -> {
                byte[] reason = random.nextBoolean() ? "bye é".getBytes(UTF_8) : randomBytes(random.nextInt(4));
                int code = random.nextBoolean() ? 1000 + random.nextInt(20) : random.nextInt(1 << 16);
                yield ByteBuffer.allocate(2 + reason.length)
                        .putShort((short) code)
                        .put(reason)
                        .array();
            }
        };
    }

    /// Lengths are not always written the shortest way.
    private byte[] frame(int first, byte[] payload) {
        int form = random.nextInt(12);
        boolean control = (first & 8) != 0;
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) first);
        if (payload.length < 126 && (control || form > 1)) {
            frame.put((byte) (0x80 | payload.length));
        } else if (form > 0) {
            frame.put((byte) 0xFE).putShort((short) payload.length);
        } else {
            frame.put((byte) 0xFF).putLong(payload.length);
        }
        byte[] mask = random.nextInt(4) == 0 ? new byte[4] : randomBytes(4);
        frame.put(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ mask[i & 3]));
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private byte[] damaged(byte[] wire) {
        byte[] damaged = wire.clone();
        for (int i = random.nextInt(3); i >= 0 && damaged.length > 0; i--) {
            // headers matter most, and the first frame's is always at the same place
            int at = random.nextBoolean()
                    ? random.nextInt(Math.min(16, damaged.length))
                    : random.nextInt(damaged.length);
            switch (random.nextInt(4)) {
                case 0 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> damaged[at] = (byte) random.nextInt();
                case 2 -> damaged = Arrays.copyOf(damaged, at);
                default -> {
                    byte[] shorter = Arrays.copyOf(damaged, damaged.length - 1);
                    System.arraycopy(damaged, at + 1, shorter, at, shorter.length - at);
                    damaged = shorter;
                }
            }
        }
        return damaged;
    }

    private byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private InputStream trickling(byte[] bytes) {
        int step = 1 + random.nextInt(300);
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] into, int offset, int length) {
                return super.read(into, offset, Math.min(length, step));
            }
        };
    }

    // -- the second reader

    /// Reads a whole stream according to RFC 6455, without regard to memory or speed.
    private static final class Expected {
        private static final String END = "end";

        private final ByteBuffer wire;
        private final List<String> outcomes = new ArrayList<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();
        private int messageOpcode = -1;

        Expected(byte[] wire) {
            this.wire = ByteBuffer.wrap(wire);
        }

        List<String> outcomes() {
            String last = null;
            while (last == null) {
                last = frame();
            }
            outcomes.add(last);
            return outcomes;
        }

        /// The end of the stream; null when it continues.
        private String frame() {
            if (wire.remaining() < 2) {
                return END;
            }
            int first = wire.get() & 0xFF;
            int second = wire.get() & 0xFF;
            int opcode = first & 0x0F;
            boolean last = first >= 0x80;
            boolean control = opcode >= 8;
            boolean known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
            if ((first & 0x70) != 0 || second < 0x80 || !known || (control && (!last || (second & 0x7F) > 125))) {
                return broken(CloseReason.PROTOCOL_ERROR);
            }
            if (!control && (opcode == 0) == (messageOpcode < 0)) {
                return broken(CloseReason.PROTOCOL_ERROR);
            }
            int form = second & 0x7F;
            int more = form == 126 ? 2 : form == 127 ? 8 : 0;
            if (wire.remaining() < more) {
                return END;
            }
            long length = more == 2 ? wire.getShort() & 0xFFFF : more == 8 ? wire.getLong() : form;
            if (length < 0) {
                return broken(CloseReason.PROTOCOL_ERROR);
            }
            if (!control && length > MESSAGE_BYTES_MAX - message.size()) {
                return broken(CloseReason.FRAME_TOO_LARGE);
            }
            if (wire.remaining() < 4 + length) {
                return END;
            }
            byte[] mask = new byte[4];
            wire.get(mask);
            byte[] payload = new byte[(int) length];
            wire.get(payload);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i % 4];
            }
            return control ? control(opcode, payload) : data(opcode, last, payload);
        }

        private static boolean isTooLarge(byte[] whole) {
            return whole.length > FirstByteDecides.BYTES && whole.length > new FirstByteDecides().bytesMax(whole);
        }

        private String data(int opcode, boolean last, byte[] payload) {
            messageOpcode = opcode == 0 ? messageOpcode : opcode;
            message.writeBytes(payload);
            if (last) {
                byte[] whole = message.toByteArray();
                boolean text = messageOpcode == 1;
                message.reset();
                messageOpcode = -1;
                if (text && isTooLarge(whole)) {
                    byte[] beginning = Arrays.copyOf(whole, FirstByteDecides.BYTES);
                    byte[] end =
                            Arrays.copyOfRange(whole, Math.max(0, whole.length - LastBytes.BYTES_MAX), whole.length);
                    outcomes.add(tooLarge(whole.length, beginning, end));
                    return null;
                }
                if (text && !isUtf8(whole)) {
                    return broken(CloseReason.INVALID_UTF8);
                }
                outcomes.add((text ? "text " : "binary ") + HexFormat.of().formatHex(whole));
            }
            return null;
        }

        private String control(int opcode, byte[] payload) {
            if (opcode == 8) {
                return close(payload);
            }
            outcomes.add(opcode == 9 ? "ping " + HexFormat.of().formatHex(payload) : "pong");
            return null;
        }

        private static String close(byte[] payload) {
            if (payload.length == 0) {
                return "close ";
            }
            if (payload.length == 1) {
                return broken(CloseReason.PROTOCOL_ERROR);
            }
            int code = ByteBuffer.wrap(payload).getShort() & 0xFFFF;
            // 1004 to 1006 and 1015 are never sent; the rest below 3000 is not given out
            boolean allowed = List.of(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)
                            .contains(code)
                    || (code >= 3000 && code < 5000);
            if (!allowed) {
                return broken(CloseReason.PROTOCOL_ERROR);
            }
            return isUtf8(Arrays.copyOfRange(payload, 2, payload.length))
                    ? "close " + HexFormat.of().formatHex(payload, 0, 2)
                    : broken(CloseReason.INVALID_UTF8);
        }

        private static String broken(CloseReason reason) {
            return "broken " + reason;
        }

        private static boolean isUtf8(byte[] bytes) {
            try {
                UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
                return true;
            } catch (CharacterCodingException _) {
                return false;
            }
        }
    }
}
