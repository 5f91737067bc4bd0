package dev.walcast.server.frames;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.CloseReason;
import java.io.IOException;

/// Thrown when a frame violates RFC 6455 or a limit. The socket ends.
public final class InvalidFrameException extends IOException {
    private static final long serialVersionUID = 1;

    private final CloseReason reason;

    InvalidFrameException(CloseReason reason) {
        super(reason.text());
        this.reason = requireNonNull(reason, "reason is null");
    }

    /// The reason that the socket closes with.
    public CloseReason reason() {
        return reason;
    }
}
