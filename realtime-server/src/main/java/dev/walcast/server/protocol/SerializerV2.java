package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Version 2.0.0: JSON arrays of five, and two binary kinds for broadcasts.
record SerializerV2() implements Serializer {
    private static final int HEADER_FIELD_BYTES_MAX = 255;
    private static final byte USER_BROADCAST = 4;

    @Override
    public Message decodeText(byte[] utf8) {
        try (FrameScanner scanner = new FrameScanner(utf8)) {
            scanner.start(JsonToken.START_ARRAY);
            Ref joinRef = scanner.nextRef(NAME_BYTES_MAX);
            Ref ref = scanner.nextRef(NAME_BYTES_MAX);
            String topic = scanner.nextString(TOPIC_BYTES_READ);
            String event = scanner.nextString(NAME_BYTES_MAX);
            Slice payload = scanner.nextValue();
            scanner.finishArray();
            scanner.end();
            return Message.of(new Address(joinRef, ref, new Topic(topic)), event, payload);
        } catch (Json.MalformedJson e) {
            return new Message.Malformed(String.valueOf(e.getMessage()));
        } catch (IOException _) {
            return new Message.Malformed("not JSON");
        }
    }

    @Override
    public Beginning begin(byte[] beginning) {
        return switch (decodeLarge(beginning, beginning, beginning.length)) {
            case Message.TooLarge(Address address, String event, int _) -> new Beginning.Known(address.topic(), event);
            case Message.Malformed(String why) -> new Beginning.Malformed(why);
            case Message _ -> throw new IllegalStateException("neither too large nor malformed");
        };
    }

    @Override
    public Message decodeLarge(byte[] beginning, byte[] end, int bytes) {
        try (FrameScanner scanner = new FrameScanner(beginning)) {
            scanner.start(JsonToken.START_ARRAY);
            Ref joinRef = scanner.nextRef(NAME_BYTES_MAX);
            Ref ref = scanner.nextRef(NAME_BYTES_MAX);
            String topic = scanner.nextString(TOPIC_BYTES_READ);
            String event = scanner.nextString(NAME_BYTES_MAX);
            // without the comma before it and the bracket after it
            int payloadBytes = bytes - scanner.at() - 2;
            return new Message.TooLarge(new Address(joinRef, ref, new Topic(topic)), event, payloadBytes);
        } catch (Json.MalformedJson e) {
            return new Message.Malformed(String.valueOf(e.getMessage()));
        } catch (IOException _) {
            return new Message.Malformed("its head does not end");
        }
    }

    @Override
    public Message decodeBinary(byte[] bytes) {
        return UserBroadcastPush.decode(bytes);
    }

    @Override
    public OutboundFrame encode(Address address, String event, Payload payload) {
        byte[] open = Json.bytes("[" + jsonOrNull(address.joinRef()) + "," + jsonOrNull(address.ref()) + ","
                + Json.quoted(address.topic().text()) + "," + Json.quoted(event) + ",");
        return Frames.text(open, payload, Json.bytes("]"));
    }

    @Override
    public Optional<OutboundFrame> encode(Broadcast broadcast) {
        return switch (broadcast) {
            case Broadcast.Text text ->
                Optional.of(encode(
                        Address.allOn(text.topic()),
                        "broadcast",
                        Payload.of(text.payload().copy())));
            case Broadcast.User user -> encodeUser(user);
        };
    }

    @Override
    public String version() {
        return "2.0.0";
    }

    @Override
    public int topicBytesMax() {
        return HEADER_FIELD_BYTES_MAX;
    }

    private static Optional<OutboundFrame> encodeUser(Broadcast.User user) {
        byte[] topic = user.topic().text().getBytes(UTF_8);
        byte[] event = user.event().getBytes(UTF_8);
        byte[] meta = user.stored().map(Broadcast.Stored::json).orElse("").getBytes(UTF_8);
        if (Math.max(topic.length, Math.max(event.length, meta.length)) > HEADER_FIELD_BYTES_MAX) {
            return Optional.empty();
        }
        Slice payload = user.payload();
        ByteArrayOutputStream frame =
                new ByteArrayOutputStream(5 + topic.length + event.length + meta.length + payload.length());
        frame.write(USER_BROADCAST);
        frame.write(topic.length);
        frame.write(event.length);
        frame.write(meta.length);
        frame.write(user.encoding().code());
        frame.writeBytes(topic);
        frame.writeBytes(event);
        frame.writeBytes(meta);
        frame.write(payload.bytes(), payload.offset(), payload.length());
        return Optional.of(OutboundFrame.binary(frame.toByteArray()));
    }

    private static String jsonOrNull(@Nullable Ref ref) {
        return ref == null ? "null" : ref.json();
    }
}
