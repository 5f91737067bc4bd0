package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.io.IOException;
import java.util.Optional;

/// A message for all receivers of a topic. Its payload is opaque: it reaches them byte for byte.
public sealed interface Broadcast {
    /// Its topic.
    Topic topic();

    /// The name its sender gave it; empty when a text frame has none.
    String event();

    /// What the payload limit is compared with.
    int payloadBytes();

    /// The id under which the database stored it; only what came from there has one.
    Optional<String> id();

    /// A `broadcast` text frame.
    ///
    /// @param payload a JSON object, forwarded verbatim
    record Text(Topic topic, Slice payload) implements Broadcast {
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

    /// A binary frame of kind 3, or what comes from the database or over HTTP. A payload of [Encoding#JSON] may be no
    /// JSON: it is not checked.
    ///
    /// @param stored where the database stored it; empty when it did not
    record User(Topic topic, String event, Encoding encoding, Slice payload, Optional<Stored> stored)
            implements Broadcast {
        public User {
            requireNonNull(stored, "stored is null");
            requireNonNull(topic, "topic is null");
            requireNonNull(event, "event is null");
            requireNonNull(encoding, "encoding is null");
            requireNonNull(payload, "payload is null");
        }

        /// A broadcast that is not stored.
        public User(Topic topic, String event, Encoding encoding, Slice payload) {
            this(topic, event, encoding, payload, Optional.empty());
        }

        @Override
        public int payloadBytes() {
            return payload.length();
        }

        @Override
        public Optional<String> id() {
            return stored.map(Stored::id);
        }
    }

    /// That the database has stored a broadcast. Receivers read it as metadata.
    ///
    /// @param isReplayed whether the client asked for stored broadcasts
    record Stored(String id, boolean isReplayed) {
        public Stored {
            requireNonNull(id, "id is null");
        }

        /// A JSON object.
        public String json() {
            return "{\"id\":" + Json.quoted(id) + (isReplayed ? ",\"replayed\":true}" : "}");
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
