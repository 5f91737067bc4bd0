package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Version 2.0.0: JSON arrays of five in text frames, and broadcasts in binary frames (kind 3 in, kind 4 out). Every
/// other
/// binary kind is ignored.
final class V2Serializer implements Serializer {
    static final V2Serializer INSTANCE = new V2Serializer();

    private static final int USER_BROADCAST_PUSH = 3;
    private static final int USER_BROADCAST = 4;
    private static final int PUSH_HEADER_BYTES = 7;
    private static final int FIELD_BYTES_MAX = 255;
    private static final int ENCODING_BINARY = 0;
    private static final int ENCODING_JSON = 1;
    private static final byte[] END = "]".getBytes(StandardCharsets.UTF_8);

    private V2Serializer() {}

    @Override
    public Optional<Message> decode(String text) {
        try (JsonParser parser = FrameReader.open(text)) {
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                return Optional.empty();
            }
            parser.nextToken();
            String joinRef = FrameReader.optionalText(parser);
            parser.nextToken();
            String ref = FrameReader.optionalText(parser);
            parser.nextToken();
            String topic = FrameReader.text(parser);
            parser.nextToken();
            String event = FrameReader.text(parser);
            if (parser.nextToken() == JsonToken.END_ARRAY) {
                return Optional.empty();
            }
            String payload = FrameReader.verbatim(parser, text);
            return endsProperly(parser)
                    ? Optional.of(new Message.Push(joinRef, ref, topic, event, payload))
                    : Optional.empty();
        } catch (IOException | FrameReader.MalformedException e) {
            return Optional.empty();
        }
    }

    /// Further elements are tolerated.
    private static boolean endsProperly(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                return false;
            }
            parser.skipChildren();
        }
        return parser.nextToken() == null;
    }

    @Override
    public Optional<Message> decode(byte[] bytes) {
        if (bytes.length < PUSH_HEADER_BYTES || bytes[0] != USER_BROADCAST_PUSH) {
            return Optional.empty();
        }
        Fields fields = new Fields(bytes, PUSH_HEADER_BYTES);
        String joinRef = fields.next(bytes[1]);
        String ref = fields.next(bytes[2]);
        String topic = fields.next(bytes[3]);
        String event = fields.next(bytes[4]);
        String metadata = fields.next(bytes[5]);
        if (joinRef == null || ref == null || topic == null || event == null || metadata == null) {
            return Optional.empty();
        }
        return Optional.of(new Message.UserBroadcast(
                emptyToNull(joinRef), emptyToNull(ref), topic, event, bytes[6] != ENCODING_BINARY, fields.rest()));
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /// Reads fields of given lengths one after the other.
    private static final class Fields {
        private final byte[] bytes;
        private int at;

        Fields(byte[] bytes, int start) {
            this.bytes = bytes;
            this.at = start;
        }

        /// @return null when the frame is too short
        @Nullable
        String next(byte size) {
            int length = Byte.toUnsignedInt(size);
            if (at + length > bytes.length) {
                return null;
            }
            at += length;
            return new String(bytes, at - length, length, StandardCharsets.UTF_8);
        }

        byte[] rest() {
            return java.util.Arrays.copyOfRange(bytes, at, bytes.length);
        }
    }

    @Override
    public OutboundMessage encode(
            @Nullable String joinRef, @Nullable String ref, String topic, String event, byte[]... payload) {
        StringBuilder head = new StringBuilder("[");
        Json.append(head, joinRef);
        head.append(',');
        Json.append(head, ref);
        head.append(',');
        Json.append(head, topic);
        head.append(',');
        Json.append(head, event);
        head.append(',');
        List<byte[]> parts = new ArrayList<>(payload.length + 2);
        parts.add(head.toString().getBytes(StandardCharsets.UTF_8));
        parts.addAll(List.of(payload));
        parts.add(END);
        return new OutboundMessage(true, parts);
    }

    @Override
    public Optional<OutboundMessage> encodeUserBroadcast(String topic, String event, boolean json, byte[] payload) {
        byte[] topicBytes = topic.getBytes(StandardCharsets.UTF_8);
        byte[] eventBytes = event.getBytes(StandardCharsets.UTF_8);
        if (topicBytes.length > FIELD_BYTES_MAX || eventBytes.length > FIELD_BYTES_MAX) {
            return Optional.empty();
        }
        ByteArrayOutputStream head = new ByteArrayOutputStream(5 + topicBytes.length + eventBytes.length);
        head.write(USER_BROADCAST);
        head.write(topicBytes.length);
        head.write(eventBytes.length);
        head.write(0);
        head.write(json ? ENCODING_JSON : ENCODING_BINARY);
        head.writeBytes(topicBytes);
        head.writeBytes(eventBytes);
        return Optional.of(new OutboundMessage(false, List.of(head.toByteArray(), payload)));
    }

    @Override
    public int topicBytesMax() {
        return FIELD_BYTES_MAX;
    }
}
