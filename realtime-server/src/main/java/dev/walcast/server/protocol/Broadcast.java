package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.io.IOException;
import java.util.Optional;

/// A message for everybody on a topic, exactly as its sender worded it.
public sealed interface Broadcast {
    /// The whole topic, with its `realtime:`.
    String topic();

    /// The name its sender gave it; empty when a text frame has none.
    String event();

    /// What the payload limit is compared with.
    int payloadBytes();

    /// The id under which the database stored it; only what came from there has one.
    Optional<String> id();

    /// A `broadcast` text frame.
    ///
    /// @param payload a JSON object, forwarded verbatim
    record Text(String topic, Slice payload) implements Broadcast {
        public Text {
            requireNonNull(topic, "topic is null");
            requireNonNull(payload, "payload is null");
        }

        @Override
        public String event() {
            try (FrameScanner scanner = new FrameScanner(payload)) {
                scanner.start(JsonToken.START_OBJECT);
                String event = "";
                for (String key = scanner.nextKey(); key != null; key = scanner.nextKey()) {
                    if (key.equals("event")) {
                        event = scanner.nextText(Serializer.NAME_BYTES_MAX);
                    } else {
                        scanner.skipValue();
                    }
                }
                return event;
            } catch (IOException _) {
                return "";
            }
        }

        @Override
        public int payloadBytes() {
            return payload.length();
        }

        @Override
        public Optional<String> id() {
            return Optional.empty();
        }
    }

    /// A binary frame of kind 3, or what comes from the database or over HTTP. Nobody has checked that a
    /// [Encoding#JSON] payload is JSON.
    ///
    /// @param meta a JSON object for the receivers, at most 255 bytes; empty for none
    record User(String topic, String event, Encoding encoding, Slice payload, String meta) implements Broadcast {
        public User {
            requireNonNull(meta, "meta is null");
            requireNonNull(topic, "topic is null");
            requireNonNull(event, "event is null");
            requireNonNull(encoding, "encoding is null");
            requireNonNull(payload, "payload is null");
        }

        /// Without metadata.
        public User(String topic, String event, Encoding encoding, Slice payload) {
            this(topic, event, encoding, payload, "");
        }

        @Override
        public int payloadBytes() {
            return payload.length();
        }

        @Override
        public Optional<String> id() {
            return meta.isEmpty()
                    ? Optional.empty()
                    : Json.tree(Slice.of(Json.bytes(meta)))
                            .map(tree -> tree.path("id").textValue());
        }
    }

    enum Encoding {
        BINARY(0),
        JSON(1);

        private final byte code;

        Encoding(int code) {
            this.code = (byte) code;
        }

        byte code() {
            return code;
        }

        static Encoding of(byte code) {
            return code == 0 ? BINARY : JSON;
        }
    }
}
