package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Version 1.0.0: JSON objects, text only. Sent objects have a `ref` key always and a `join_ref` key never.
record SerializerV1() implements Serializer {
    private static final String OPEN = "{\"topic\":";
    private static final String EVENT = ",\"event\":";
    private static final String PAYLOAD = ",\"payload\":";
    private static final String REF = ",\"ref\":";

    @Override
    public Message decodeText(byte[] utf8) {
        try (FrameScanner scanner = new FrameScanner(utf8)) {
            Fields fields = new Fields();
            scanner.start(JsonToken.START_OBJECT);
            for (String key = scanner.nextKey(); key != null; key = scanner.nextKey()) {
                fields.read(key, scanner);
            }
            scanner.end();
            return fields.message();
        } catch (Json.MalformedJson e) {
            return new Message.Malformed(String.valueOf(e.getMessage()));
        } catch (IOException _) {
            return new Message.Malformed("not JSON");
        }
    }

    @Override
    public Message decodeBinary(byte[] bytes) {
        return new Message.Malformed("binary message on a 1.0.0 socket");
    }

    @Override
    public OutboundFrame encode(Address address, String event, Payload payload) {
        byte[] open = Json.bytes(OPEN + Json.quoted(address.topic().text()) + EVENT + Json.quoted(event) + PAYLOAD);
        byte[] close = Json.bytes(REF + jsonOrNull(address.ref()) + "}");
        return Frames.text(open, payload, close);
    }

    @Override
    public Optional<OutboundFrame> encode(Broadcast broadcast) {
        return Payload.ofBroadcast(broadcast)
                .map(payload -> encode(Address.allOn(broadcast.topic()), "broadcast", payload));
    }

    @Override
    public int topicBytesMax() {
        return NAME_BYTES_MAX;
    }

    private static String jsonOrNull(@Nullable Ref ref) {
        return ref == null ? "null" : ref.json();
    }

    /// The keys of one object that were read so far, in any order.
    private static final class Fields {
        private @Nullable String topic;
        private @Nullable String event;
        private @Nullable Slice payload;
        private @Nullable Ref joinRef;
        private @Nullable Ref ref;
        private boolean hasRef;

        void read(String key, FrameScanner scanner) throws IOException {
            switch (key) {
                case "topic" -> topic = scanner.nextString(TOPIC_BYTES_READ);
                case "event" -> event = scanner.nextString(NAME_BYTES_MAX);
                case "payload" -> payload = scanner.nextValue();
                case "join_ref" -> joinRef = scanner.nextRef(NAME_BYTES_MAX);
                case "ref" -> {
                    ref = scanner.nextRef(NAME_BYTES_MAX);
                    hasRef = true;
                }
                default -> scanner.skipValue();
            }
        }

        Message message() {
            if (topic == null || event == null || payload == null || !hasRef) {
                return new Message.Malformed("topic, event, payload or ref is missing");
            }
            return Message.of(new Address(joinRef, ref, new Topic(topic)), event, payload);
        }
    }
}
