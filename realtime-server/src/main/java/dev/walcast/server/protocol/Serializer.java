package dev.walcast.server.protocol;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One version of the wire format. Stateless, so one instance serves every socket of its version.
public interface Serializer {
    /// Empty for what the protocol calls malformed, which is dropped without an answer.
    Optional<Message> decode(String text);

    /// Likewise, for a binary message.
    Optional<Message> decode(byte[] bytes);

    /// @param payload the payload object's JSON as UTF-8, in parts that may be shared
    OutboundMessage encode(
            @Nullable String joinRef, @Nullable String ref, String topic, String event, byte[]... payload);

    /// A broadcast that came in a binary frame. Empty when this version has no way to carry it.
    ///
    /// @param json whether the payload is UTF-8 JSON, checked by the caller
    Optional<OutboundMessage> encodeUserBroadcast(String topic, String event, boolean json, byte[] payload);

    /// The longest topic that the version's frames can carry, in UTF-8 bytes.
    int topicBytesMax();

    /// The serializer that a socket's `vsn` asks for; empty for an unknown one.
    ///
    /// @param version null when the client did not say
    static Optional<Serializer> of(@Nullable String version) {
        if (version == null || version.matches("1\\.0\\.\\d+")) {
            return Optional.of(V1Serializer.INSTANCE);
        }
        return version.matches("2\\.0\\.\\d+") ? Optional.of(V2Serializer.INSTANCE) : Optional.empty();
    }
}
