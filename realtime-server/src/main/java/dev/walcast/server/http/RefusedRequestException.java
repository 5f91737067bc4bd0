package dev.walcast.server.http;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;

/// Thrown when a request is refused before any route sees it. Its connection ends with the response.
public final class RefusedRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    public RefusedRequestException(Refusal refusal) {
        super(refusal.text(), null, false, false);
        this.refusal = requireNonNull(refusal, "refusal is null");
    }

    /// @param what completes "The request is not valid HTTP/1.1: "; must contain nothing that the client sent
    static RefusedRequestException malformed(String what) {
        return new RefusedRequestException(ErrorCode.REQUEST_MALFORMED.refusal(what));
    }

    /// The refusal for the client.
    public Refusal refusal() {
        return refusal;
    }
}
