package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
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
    public Beginning begin(byte[] beginning) {
        Fields fields = new Fields();
        try {
            fields.readBeginning(beginning);
            return fields.beginning();
        } catch (Json.MalformedJson e) {
            return new Beginning.Malformed(String.valueOf(e.getMessage()));
        } catch (IOException _) {
            return new Beginning.Malformed("not JSON");
        }
    }

    @Override
    public Message decodeLarge(byte[] beginning, byte[] end, int bytes) {
        Fields fields = new Fields();
        try {
            fields.readBeginning(beginning);
            int refsBytes = fields.readRefs(end);
            return fields.tooLarge(bytes - refsBytes);
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
    public String version() {
        return "1.0.0";
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
        private boolean isInPayload;
        private int payloadAt;

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

        /// Reads as far as the bytes go.
        void readBeginning(byte[] beginning) throws IOException {
            try (FrameScanner scanner = new FrameScanner(beginning)) {
                scanner.start(JsonToken.START_OBJECT);
                for (String key = scanner.nextKey(); key != null; key = scanner.nextKey()) {
                    isInPayload = key.equals("payload");
                    // the scanner has read the first character of the value as well
                    payloadAt = isInPayload ? scanner.at() - 1 : payloadAt;
                    read(key, scanner);
                }
                throw new Json.MalformedJson("something follows the message");
            } catch (JsonEOFException _) {
                // what was read is what the beginning holds
            }
        }

        /// Reads the refs that follow the payload: the last members, as far as they are nothing else.
        ///
        /// @return how long they are, with the bracket after them
        int readRefs(byte[] end) {
            int length = 1;
            int comma = end.length;
            for (int refs = 0; refs < 2; refs++) {
                comma = lastComma(end, comma);
                if (comma < 0 || !readRefs(new Slice(end, comma, end.length - comma))) {
                    break;
                }
                length = end.length - comma;
            }
            return length;
        }

        private static int lastComma(byte[] bytes, int before) {
            for (int i = before - 1; i >= 0; i--) {
                if (bytes[i] == ',') {
                    return i;
                }
            }
            return -1;
        }

        /// @param members begins with a comma
        private boolean readRefs(Slice members) {
            byte[] object = members.copy();
            object[0] = '{';
            Fields refs = new Fields();
            try (FrameScanner scanner = new FrameScanner(object)) {
                scanner.start(JsonToken.START_OBJECT);
                for (String key = scanner.nextKey(); key != null; key = scanner.nextKey()) {
                    if (!key.equals("ref") && !key.equals("join_ref")) {
                        return false;
                    }
                    refs.read(key, scanner);
                }
                scanner.end();
            } catch (IOException _) {
                return false;
            }
            ref = refs.hasRef ? refs.ref : ref;
            joinRef = refs.joinRef == null ? joinRef : refs.joinRef;
            hasRef |= refs.hasRef;
            return true;
        }

        /// Once the beginning has ended.
        Beginning beginning() {
            if (topic != null && event != null) {
                return new Beginning.Known(new Topic(topic), event);
            }
            return isInPayload ? new Beginning.Unknown() : new Beginning.Malformed("its head does not end");
        }

        /// @param end where the payload ends
        Message tooLarge(int end) {
            if (topic == null || event == null || !isInPayload || !hasRef) {
                return new Message.Malformed("topic, event, payload or ref is missing");
            }
            return new Message.TooLarge(new Address(joinRef, ref, new Topic(topic)), event, end - payloadAt);
        }

        Message message() {
            if (topic == null || event == null || payload == null || !hasRef) {
                return new Message.Malformed("topic, event, payload or ref is missing");
            }
            return Message.of(new Address(joinRef, ref, new Topic(topic)), event, payload);
        }
    }
}
