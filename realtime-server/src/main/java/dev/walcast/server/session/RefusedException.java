package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Refusal;

/// Thrown when a request is refused.
public final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Refusal refusal;

    public RefusedException(Refusal refusal) {
        super(refusal.text(), null, false, false);
        this.refusal = requireNonNull(refusal, "refusal is null");
    }

    public Refusal refusal() {
        return refusal;
    }
}
