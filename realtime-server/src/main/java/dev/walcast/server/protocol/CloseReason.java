package dev.walcast.server.protocol;

/// Every way a socket ends. The texts are fixed and at most 123 bytes, the most a close frame holds.
///
/// Where clients should come back the code is neither 1000, 1001 nor 1005 (one client takes those for good) and
/// always below 4000 (another never returns from there).
public enum CloseReason {
    /// The client said goodbye; its own code is echoed.
    CLIENT_CLOSED(1000, ""),
    /// The connection was cut. No close frame is sent.
    DISCONNECTED(1006, ""),
    PROTOCOL_ERROR(1002, "not a valid WebSocket frame"),
    INVALID_UTF8(1007, "text is not valid UTF-8"),
    FRAME_TOO_LARGE(1009, "message too large"),
    /// Frames or bytes beyond the limits, without a pause.
    FLOOD(1008, "too many frames or bytes for too long"),
    INTERNAL_ERROR(1011, "internal error"),
    /// For clients that cannot read a refused upgrade; the reply to a join has said more.
    TOKEN_REFUSED(1008, "the token is refused: the reply to a join says why"),
    IDLE(1012, "nothing received for too long"),
    DRAINING(1012, "Server requested disconnect"),
    DISCONNECTED_BY_OPERATOR(1012, "an operator ended this connection"),
    SLOW_CONSUMER(1013, "too slow: the queue of unsent messages is full"),
    /// It held most when the server ran short of memory, or more than one client may hold.
    MEMORY(1013, "too much is held in memory for this client"),
    /// A single write took too long. The code is only for the books: nothing more can be written.
    WRITE_TIMEOUT(1013, "too slow: a write took too long");

    private final int code;
    private final String text;

    CloseReason(int code, String text) {
        this.code = code;
        this.text = text;
    }

    public int code() {
        return code;
    }

    public String text() {
        return text;
    }
}
