package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

/// A message for everybody on a topic, exactly as its sender worded it.
public sealed interface Broadcast {
    /// The whole topic, with its `realtime:`.
    String topic();

    /// What the payload limit is compared with.
    int payloadBytes();

    /// A `broadcast` text frame.
    ///
    /// @param payload a JSON object, forwarded verbatim
    record Text(String topic, Slice payload) implements Broadcast {
        public Text {
            requireNonNull(topic, "topic is null");
            requireNonNull(payload, "payload is null");
        }

        @Override
        public int payloadBytes() {
            return payload.length();
        }
    }

    /// A binary frame of kind 3. Nobody has checked that a [Encoding#JSON] payload is JSON.
    record User(String topic, String event, Encoding encoding, Slice payload) implements Broadcast {
        public User {
            requireNonNull(topic, "topic is null");
            requireNonNull(event, "event is null");
            requireNonNull(encoding, "encoding is null");
            requireNonNull(payload, "payload is null");
        }

        @Override
        public int payloadBytes() {
            return payload.length();
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
