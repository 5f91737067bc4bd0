package dev.walcast.server.frames;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.CloseReason;
import java.io.IOException;

/// The peer sent what ends its socket.
public final class BrokenFrame extends IOException {
    private static final long serialVersionUID = 1;

    private final CloseReason reason;

    BrokenFrame(CloseReason reason) {
        super(reason.text());
        this.reason = requireNonNull(reason, "reason is null");
    }

    /// Why the socket ends.
    public CloseReason reason() {
        return reason;
    }
}
