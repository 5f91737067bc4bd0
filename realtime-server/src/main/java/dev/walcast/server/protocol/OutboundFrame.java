package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.SharedBytes;
import org.jspecify.annotations.Nullable;

/// One message for one or many sockets, encoded. The pieces are sent one after the other; any of them may be shared
/// with other frames and is never written to.
///
/// @param shared the part of it that is counted once for all sockets that it waits for; null when it is for one
/// @param commitMicros when the change in it was committed, in microseconds since 1970; 0 for everything else
public record OutboundFrame(
        Kind kind,
        byte[] prefix,
        byte[] body,
        byte[] suffix,
        @Nullable SharedBytes shared,
        long commitMicros) {
    private static final byte[] NOTHING = {};

    public enum Kind {
        TEXT,
        BINARY
    }

    public OutboundFrame {
        requireNonNull(kind, "kind is null");
        requireNonNull(prefix, "prefix is null");
        requireNonNull(body, "body is null");
        requireNonNull(suffix, "suffix is null");
    }

    /// For one socket.
    public OutboundFrame(Kind kind, byte[] prefix, byte[] body, byte[] suffix) {
        this(kind, prefix, body, suffix, null, 0);
    }

    static OutboundFrame binary(byte[] body) {
        return new OutboundFrame(Kind.BINARY, NOTHING, body, NOTHING);
    }

    /// The same with another body.
    ///
    /// @param newBody shared, not copied
    /// @param counted its bytes as they are counted
    /// @param micros  when the change in the body was committed; 0 when that is unknown
    public OutboundFrame around(byte[] newBody, SharedBytes counted, long micros) {
        return new OutboundFrame(kind, prefix, newBody, suffix, counted, micros);
    }

    /// The same, all of which is counted once for all sockets that it waits for.
    public OutboundFrame sharedWhole() {
        return new OutboundFrame(kind, prefix, body, suffix, new SharedBytes(bytes()), commitMicros);
    }

    /// The same, whose body is counted once if it is these very bytes.
    ///
    /// @param counted those bytes as they are counted
    @SuppressWarnings("ReferenceEquality") // an equal body is another one in memory
    public OutboundFrame sharing(byte[] bytes, SharedBytes counted) {
        return body == bytes ? new OutboundFrame(kind, prefix, body, suffix, counted, commitMicros) : this;
    }

    public int bytes() {
        return prefix.length + body.length + suffix.length;
    }

    /// Without what is shared.
    public int ownBytes() {
        return shared == null ? bytes() : bytes() - shared.bytes();
    }
}
