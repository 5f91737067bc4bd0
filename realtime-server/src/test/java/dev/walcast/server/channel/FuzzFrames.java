package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.server.testing.RawFrame;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Random WebSocket traffic: messages that a server must accept, and bytes for which it must end the connection.
final class FuzzFrames {
    private static final int TEXT = 1;
    private static final int BINARY = 2;

    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "\"true\"",
            "\"\"",
            "{}",
            "[]",
            "[null]",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "\"\u2028é😀\"",
            "{\"a\":1,\"a\":2}",
            "0",
            "-0",
            "1e400",
            "9".repeat(5_000),
            "-1.5E-999999",
            "1e999999999",
            "0.1");
    private static final List<String> NO_VALUES =
            List.of("\"x", "01", "1.", ".5", "+1", "NaN", "'x'", "{,}", "[1,]", "");
    private static final List<String> EVENTS = List.of(
            "phx_join",
            "phx_join",
            "phx_join",
            "phx_leave",
            "heartbeat",
            "access_token",
            "presence",
            "broadcast",
            "broadcast",
            "broadcast",
            "broadcast",
            "phx_close",
            "phx_reply",
            "system",
            "postgres_changes",
            "x",
            "");

    private final Random random;

    FuzzFrames(Random random) {
        this.random = random;
    }

    /// The bytes of one message, perhaps in fragments with control frames between; the connection has to survive it.
    byte[] harmless(boolean isVersion2) {
        return switch (random.nextInt(20)) {
            case 0 -> message(BINARY, randomBytes(random.nextInt(300)));
            case 1, 2 -> message(BINARY, push());
            case 3 -> frame(0x89, randomBytes(random.nextInt(126)));
            case 4 -> frame(0x8A, randomBytes(random.nextInt(126)));
            case 5 -> message(TEXT, nested());
            case 6 -> message(TEXT, text(mutated(envelope(isVersion2))));
            case 7 -> message(TEXT, text(envelope(!isVersion2)));
            case 8 -> message(TEXT, random.nextInt(20) == 0 ? large(isVersion2) : new byte[0]);
            default -> message(TEXT, text(envelope(isVersion2)));
        };
    }

    /// Bytes after which the connection has to end, and the code it has to end with.
    record Fatal(byte[] bytes, int code) {}

    Fatal fatal() {
        return switch (random.nextInt(12)) {
            case 0 -> new Fatal(frame(0x81 | 1 << (4 + random.nextInt(3)), text("x")), 1002);
            case 1 -> new Fatal(new byte[] {(byte) 0x81, 1, 'x'}, 1002);
            case 2 -> new Fatal(frame(0x80 | 3 + random.nextInt(5), text("x")), 1002);
            case 3 -> new Fatal(frame(0x80 | 11 + random.nextInt(5), text("x")), 1002);
            case 4 -> new Fatal(frame(0x80, text("continues nothing")), 1002);
            case 5 -> new Fatal(joined(frame(0x01, text("a")), frame(0x81, text("b"))), 1002);
            case 6 -> new Fatal(frame(0x09, text("a fragmented ping")), 1002);
            case 7 -> new Fatal(frame(0x89, new byte[126]), 1002);
            case 8 -> new Fatal(message(TEXT, invalidUtf8()), 1007);
            case 9 -> new Fatal(header(0x82, 5_000_001L + random.nextInt(Integer.MAX_VALUE)), 1009);
            case 10 -> new Fatal(header(0x82, Long.MIN_VALUE | random.nextLong()), 1002);
            default ->
                new Fatal(
                        frame(
                                0x88,
                                ByteBuffer.allocate(2).putShort((short) 1005).array()),
                        1002);
        };
    }

    private String envelope(boolean isVersion2) {
        String topic = random.nextInt(30) == 0 ? odd() : "\"realtime:fuzz" + random.nextInt(300) + "\"";
        String event = "\"" + pick(EVENTS) + "\"";
        String joinRef = ref();
        String ref = ref();
        String payload = payload();
        return isVersion2
                ? "[" + joinRef + "," + ref + "," + topic + "," + event + "," + payload + "]"
                : "{\"topic\":" + topic + ",\"event\":" + event + ",\"payload\":" + payload + ",\"ref\":" + ref
                        + ",\"join_ref\":" + joinRef + "}";
    }

    private String ref() {
        return switch (random.nextInt(10)) {
            case 0 -> odd();
            case 1 -> String.valueOf(random.nextInt(1_000));
            default -> "\"" + random.nextInt(1_000) + "\"";
        };
    }

    private String payload() {
        return switch (random.nextInt(8)) {
            case 0 -> odd();
            case 1 -> "{\"access_token\":" + odd() + "}";
            case 2 -> "{\"event\":\"track\",\"payload\":" + odd() + "}";
            case 3 -> "{\"type\":\"broadcast\",\"event\":" + odd() + ",\"payload\":{\"n\":" + odd() + "}}";
            case 4 -> "{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{}}";
            case 5 -> config("{\"event\":\"*\",\"schema\":\"public\",\"filter\":" + odd() + "}", random.nextInt(300));
            default -> config("{}", random.nextInt(3));
        };
    }

    private String config(String binding, int bindings) {
        String self = random.nextBoolean() ? "true" : odd();
        return "{\"config\":{\"broadcast\":{\"self\":" + self + ",\"ack\":true},\"private\":"
                + (random.nextInt(8) == 0 ? "true" : "false") + ",\"presence\":{\"key\":" + odd()
                + "},\"postgres_changes\":[" + String.join(",", java.util.Collections.nCopies(bindings, binding))
                + "]}}";
    }

    private String odd() {
        return pick(random.nextInt(30) == 0 ? NO_VALUES : VALUES);
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }

    private String mutated(String text) {
        StringBuilder mutated = new StringBuilder(text);
        for (int i = random.nextInt(4); i >= 0 && !mutated.isEmpty(); i--) {
            int at = random.nextInt(mutated.length());
            switch (random.nextInt(3)) {
                case 0 -> mutated.deleteCharAt(at);
                case 1 -> mutated.insert(at, (char) random.nextInt(0xD800));
                default -> mutated.setLength(at);
            }
        }
        return mutated.toString();
    }

    /// A binary push whose lengths may lie.
    private byte[] push() {
        byte[] topic = text("realtime:fuzz" + random.nextInt(300));
        byte[] body = joined(
                text("1"), text("2"), topic, text("ev"), text("{}"), random.nextBoolean() ? text("{\"a\":1}") : topic);
        byte[] head = {3, 1, 1, (byte) topic.length, 2, 2, (byte) random.nextInt(3)};
        if (random.nextInt(3) == 0) {
            head[random.nextInt(head.length)] = (byte) random.nextInt();
        }
        byte[] push = joined(head, body);
        return random.nextInt(5) == 0 ? Arrays.copyOf(push, random.nextInt(push.length)) : push;
    }

    private byte[] nested() {
        int depth = random.nextInt(20) == 0 ? 100_000 : random.nextInt(1_000);
        String open = random.nextBoolean() ? "[" : "{\"a\":";
        String close = open.equals("[") ? "]" : "}";
        return text("[\"1\",\"1\",\"realtime:fuzz1\",\"broadcast\",{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":"
                + open.repeat(depth) + "1" + (random.nextBoolean() ? close.repeat(depth) : "") + "}]");
    }

    private byte[] large(boolean isVersion2) {
        String payload = "{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{\"x\":\""
                + "é".repeat(random.nextInt(100_000)) + "\"}}";
        return text(
                isVersion2
                        ? "[null,null,\"realtime:fuzz" + random.nextInt(300) + "\",\"broadcast\"," + payload + "]"
                        : "{\"topic\":\"realtime:fuzz1\",\"event\":\"broadcast\",\"ref\":null,\"payload\":" + payload
                                + "}");
    }

    private byte[] invalidUtf8() {
        byte[] bytes = text("[null,\"1\",\"realtime:é😀\",\"x\",{}]");
        bytes[19 + random.nextInt(6)] = (byte) (random.nextBoolean() ? 0xFF : 0xC0);
        return bytes;
    }

    /// Cut anywhere, through characters too.
    private byte[] message(int opcode, byte[] payload) {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        int done = 0;
        int first = opcode;
        while (random.nextInt(3) == 0) {
            int n = random.nextInt(payload.length - done + 1);
            wire.writeBytes(frame(first, Arrays.copyOfRange(payload, done, done + n)));
            first = 0;
            done += n;
            if (random.nextInt(4) == 0) {
                wire.writeBytes(frame(0x89, randomBytes(random.nextInt(126))));
            }
            if (random.nextInt(100) == 0) {
                wire.writeBytes(emptyFragments());
            }
        }
        wire.writeBytes(frame(0x80 | first, Arrays.copyOfRange(payload, done, payload.length)));
        return wire.toByteArray();
    }

    private byte[] emptyFragments() {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        for (int i = random.nextInt(500); i >= 0; i--) {
            wire.writeBytes(frame(0, new byte[0]));
        }
        return wire.toByteArray();
    }

    byte[] frame(int first, byte[] payload) {
        return RawFrame.encode(first, payload, random.nextInt());
    }

    private byte[] header(int first, long length) {
        return RawFrame.head(first, length, random.nextInt());
    }

    private byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] text(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
