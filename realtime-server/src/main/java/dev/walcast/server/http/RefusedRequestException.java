package dev.walcast.server.http;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;

/// A request that is refused before any route sees it. Its connection ends with the answer.
public final class RefusedRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    public RefusedRequestException(Refusal refusal) {
        super(refusal.text(), null, false, false);
        this.refusal = requireNonNull(refusal, "refusal is null");
    }

    /// @param what completes "The request is not valid HTTP/1.1: "; holds nothing that the client sent
    static RefusedRequestException malformed(String what) {
        return new RefusedRequestException(ErrorCode.REQUEST_MALFORMED.refusal(what));
    }

    /// What the client is told.
    public Refusal refusal() {
        return refusal;
    }
}
