package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Version 1.0.0: text frames only, JSON objects. `join_ref` is read and never sent; `ref` is always sent.
final class V1Serializer implements Serializer {
    static final V1Serializer INSTANCE = new V1Serializer();

    private static final byte[] END = "}".getBytes(StandardCharsets.UTF_8);

    private V1Serializer() {}

    @Override
    public Optional<Message> decode(String text) {
        try (JsonParser parser = FrameReader.open(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            Fields fields = new Fields();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                fields.read(parser, text);
            }
            return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null
                    ? fields.message()
                    : Optional.empty();
        } catch (IOException | FrameReader.MalformedException e) {
            return Optional.empty();
        }
    }

    /// The members seen so far.
    private static final class Fields {
        private @Nullable String joinRef;
        private @Nullable String ref;
        private boolean hasRef;
        private @Nullable String topic;
        private @Nullable String event;
        private @Nullable String payload;

        void read(JsonParser parser, String source) throws IOException, FrameReader.MalformedException {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "join_ref" -> joinRef = FrameReader.optionalText(parser);
                case "ref" -> {
                    ref = FrameReader.optionalText(parser);
                    hasRef = true;
                }
                case "topic" -> topic = FrameReader.text(parser);
                case "event" -> event = FrameReader.text(parser);
                case "payload" -> payload = FrameReader.verbatim(parser, source);
                default -> parser.skipChildren();
            }
        }

        Optional<Message> message() {
            if (!hasRef || topic == null || event == null || payload == null) {
                return Optional.empty();
            }
            return Optional.of(new Message.Push(joinRef, ref, topic, event, payload));
        }
    }

    @Override
    public Optional<Message> decode(byte[] bytes) {
        return Optional.empty();
    }

    @Override
    public OutboundMessage encode(
            @Nullable String joinRef, @Nullable String ref, String topic, String event, byte[]... payload) {
        StringBuilder head = new StringBuilder("{\"ref\":");
        Json.append(head, ref);
        head.append(",\"topic\":");
        Json.append(head, topic);
        head.append(",\"event\":");
        Json.append(head, event);
        head.append(",\"payload\":");
        List<byte[]> parts = new ArrayList<>(payload.length + 2);
        parts.add(head.toString().getBytes(StandardCharsets.UTF_8));
        parts.addAll(List.of(payload));
        parts.add(END);
        return new OutboundMessage(true, parts);
    }

    @Override
    public Optional<OutboundMessage> encodeUserBroadcast(String topic, String event, boolean json, byte[] payload) {
        if (!json) {
            return Optional.empty();
        }
        StringBuilder head = new StringBuilder("{\"type\":\"broadcast\",\"event\":");
        Json.append(head, event);
        head.append(",\"payload\":");
        return Optional.of(
                encode(null, null, topic, "broadcast", head.toString().getBytes(StandardCharsets.UTF_8), payload, END));
    }

    @Override
    public int topicBytesMax() {
        return 4096;
    }
}
