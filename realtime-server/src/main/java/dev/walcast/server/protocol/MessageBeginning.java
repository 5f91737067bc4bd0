package dev.walcast.server.protocol;

/// What the first bytes of a large text message tell about it.
public sealed interface MessageBeginning {
    /// Where it is meant for and what it is.
    record Known(String topic, String event) implements MessageBeginning {}

    /// However it goes on, it is no message of this protocol version.
    ///
    /// @param why for the log; holds nothing of what the client sent
    record Malformed(String why) implements MessageBeginning {}

    /// The payload comes first.
    record Unknown() implements MessageBeginning {}
}
