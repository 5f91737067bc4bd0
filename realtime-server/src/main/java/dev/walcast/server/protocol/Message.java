package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/// What a client may send, as both serializers read it. Refs are echoed and never interpreted.
public sealed interface Message {
    @Nullable
    String joinRef();

    @Nullable
    String ref();

    String topic();

    /// Any message in a text frame.
    ///
    /// @param payload the payload's JSON exactly as it was sent
    record Push(@Nullable String joinRef, @Nullable String ref, String topic, String event, String payload)
            implements Message {
        public Push {
            requireNonNull(topic, "topic is null");
            requireNonNull(event, "event is null");
            requireNonNull(payload, "payload is null");
        }
    }

    /// A broadcast in a binary frame (kind 3); its metadata is dropped, as the protocol has it.
    ///
    /// @param json    whether the payload claims to be UTF-8 JSON; nobody has checked
    /// @param payload never written to
    record UserBroadcast(
            @Nullable String joinRef, @Nullable String ref, String topic, String event, boolean json, byte[] payload)
            implements Message {
        public UserBroadcast {
            requireNonNull(topic, "topic is null");
            requireNonNull(event, "event is null");
            requireNonNull(payload, "payload is null");
        }
    }
}
