package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.json.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// One message of a batch.
///
/// @param payload what its receivers get: the sender's own payload verbatim in the usual envelope
public record BatchMessage(Topic topic, Slice payload, boolean isPrivate) {
    public BatchMessage {
        requireNonNull(topic, "topic is null");
        requireNonNull(payload, "payload is null");
    }

    /// The fields as they came, of any type.
    static final class Fields {
        private @Nullable Slice topic;
        private @Nullable Slice event;
        private @Nullable Slice payload;
        private @Nullable Slice isPrivate;
        private @Nullable Slice id;

        private Fields() {}

        static Fields read(Slice object) throws IOException {
            Fields fields = new Fields();
            try (FrameScanner scanner = new FrameScanner(object)) {
                scanner.start(JsonToken.START_OBJECT);
                for (String key = scanner.nextKey(); key != null; key = scanner.nextKey()) {
                    fields.set(key, scanner.nextValue());
                }
            }
            return fields;
        }

        private void set(String key, Slice value) {
            @Nullable Slice there = value.isNull() ? null : value;
            switch (key) {
                case "topic" -> topic = there;
                case "event" -> event = there;
                case "payload" -> payload = there;
                case "private" -> isPrivate = there;
                case "id" -> id = there;
                default -> {}
            }
        }

        /// A JSON object with a list of texts for each wrong field.
        String errors(int payloadBytesMax) {
            StringJoiner errors = new StringJoiner(",", "{", "}");
            addTo(errors, "event", requiredText(event));
            addTo(errors, "id", id == null || text(id).isPresent() ? null : ErrorCode.FIELD_INVALID);
            addTo(errors, "payload", payloadError(payloadBytesMax));
            addTo(errors, "private", flag().isPresent() ? null : ErrorCode.FIELD_INVALID);
            addTo(errors, "topic", requiredText(topic));
            return errors.toString();
        }

        Optional<BatchMessage> message() {
            Optional<String> name = text(topic);
            Optional<Boolean> privacy = flag();
            if (name.isEmpty() || privacy.isEmpty() || payload == null) {
                return Optional.empty();
            }
            return Optional.of(new BatchMessage(Topic.named(name.get()), Slice.of(envelope(payload)), privacy.get()));
        }

        private @Nullable ErrorCode payloadError(int bytesMax) {
            if (payload == null) {
                return ErrorCode.FIELD_BLANK;
            }
            if (!payload.isObject()) {
                return ErrorCode.FIELD_INVALID;
            }
            return envelope(payload).length > bytesMax ? ErrorCode.REST_PAYLOAD_TOO_LARGE : null;
        }

        private byte[] envelope(Slice verbatim) {
            byte[] before = Json.bytes("{\"type\":\"broadcast\",\"event\":"
                    + Json.quoted(text(event).orElse("")) + ",\"payload\":");
            byte[] after = Json.bytes(text(id).map(text -> ",\"meta\":{\"id\":" + Json.quoted(text) + "}}")
                    .orElse("}"));
            ByteArrayOutputStream envelope =
                    new ByteArrayOutputStream(before.length + verbatim.length() + after.length);
            envelope.writeBytes(before);
            envelope.write(verbatim.bytes(), verbatim.offset(), verbatim.length());
            envelope.writeBytes(after);
            return envelope.toByteArray();
        }

        private Optional<Boolean> flag() {
            if (isPrivate == null) {
                return Optional.of(false);
            }
            return switch (isPrivate.text()) {
                case "true", "\"true\"", "1", "\"1\"" -> Optional.of(true);
                case "false", "\"false\"", "0", "\"0\"" -> Optional.of(false);
                default -> Optional.empty();
            };
        }

        private static @Nullable ErrorCode requiredText(@Nullable Slice value) {
            if (value == null) {
                return ErrorCode.FIELD_BLANK;
            }
            Optional<String> text = text(value);
            if (text.isEmpty()) {
                return ErrorCode.FIELD_INVALID;
            }
            return text.get().isBlank() ? ErrorCode.FIELD_BLANK : null;
        }

        private static Optional<String> text(@Nullable Slice value) {
            return value == null || !value.isString()
                    ? Optional.empty()
                    : Json.text(value).filter(text -> !Utf8.hasLoneSurrogate(text));
        }

        private static void addTo(StringJoiner errors, String field, @Nullable ErrorCode code) {
            if (code != null) {
                errors.add("\"" + field + "\":[" + Json.quoted(code.refusal().text()) + "]");
            }
        }
    }
}
