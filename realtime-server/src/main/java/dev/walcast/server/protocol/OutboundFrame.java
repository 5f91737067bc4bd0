package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

/// One message for one or many sockets, encoded. The pieces are sent one after the other; any of them may be shared
/// with other frames and is never written to.
public record OutboundFrame(Kind kind, byte[] prefix, byte[] body, byte[] suffix) {
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

    static OutboundFrame binary(byte[] body) {
        return new OutboundFrame(Kind.BINARY, NOTHING, body, NOTHING);
    }

    /// The same with another body.
    ///
    /// @param newBody shared, not copied
    public OutboundFrame around(byte[] newBody) {
        return new OutboundFrame(kind, prefix, newBody, suffix);
    }

    public int bytes() {
        return prefix.length + body.length + suffix.length;
    }
}
