package dev.walcast.server.protocol;

import java.util.Optional;

/// One version of the protocol's framing. Stateless: serializers of one version are equal.
public sealed interface Serializer permits SerializerV1, SerializerV2 {
    /// The longest event, ref and join ref, and the longest topic of version 1.0.0, in bytes. A message that has a
    /// longer one is malformed.
    int NAME_BYTES_MAX = 1024;

    /// The longest topic that is read, so that a join of one that is too long can be answered.
    int TOPIC_BYTES_READ = 2 * NAME_BYTES_MAX;

    /// The longest head of a message in text: refs, topic and event, each character escaped.
    int HEAD_BYTES_MAX = 32 * 1024;

    /// What the first bytes of a large text message tell about it.
    sealed interface Beginning {
        /// Where it is meant for and what it is.
        record Known(Topic topic, String event) implements Beginning {}

        /// However it goes on, it is no message of this protocol version.
        ///
        /// @param why for the log; holds nothing of what the client sent
        record Malformed(String why) implements Beginning {}

        /// The payload comes first.
        record Unknown() implements Beginning {}
    }

    /// @param utf8 one text message, known to be valid UTF-8
    Message decodeText(byte[] utf8);

    /// Reads the head of a text message that is longer than these first bytes of it.
    ///
    /// @param beginning longer than any head
    Beginning begin(byte[] beginning);

    /// Reads a text message of which the middle was not kept.
    ///
    /// @param beginning longer than any head
    /// @param end       longer than what may follow the payload
    /// @param bytes     of the whole message
    /// @return a [Message.TooLarge] or a [Message.Malformed]
    Message decodeLarge(byte[] beginning, byte[] end, int bytes);

    /// @param bytes one binary message
    Message decodeBinary(byte[] bytes);

    OutboundFrame encode(Address address, String event, Payload payload);

    /// The same bytes for every receiver; nothing when this version cannot express the broadcast.
    Optional<OutboundFrame> encode(Broadcast broadcast);

    /// As clients name it in `vsn`.
    String version();

    /// The longest topic this version can address, in bytes.
    int topicBytesMax();

    /// The serializer for a `vsn` parameter; nothing when no such version exists.
    static Optional<Serializer> forVersion(String vsn) {
        if (vsn.matches("1\\.0\\.[0-9]{1,9}")) {
            return Optional.of(new SerializerV1());
        }
        return vsn.matches("2\\.0\\.[0-9]{1,9}") ? Optional.of(new SerializerV2()) : Optional.empty();
    }
}
