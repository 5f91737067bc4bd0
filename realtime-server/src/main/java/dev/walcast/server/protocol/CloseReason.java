package dev.walcast.server.protocol;

/// Every way in which the server ends a socket.
///
/// Codes at which all official clients come back; the texts fit into a close frame.
public enum CloseReason {
    /// The close handshake that the client began.
    CLIENT_LEFT(1000, ""),
    /// The client's TCP connection is gone; nothing can be sent any more.
    CONNECTION_LOST(1006, ""),
    IDLE(1012, "no message for too long"),
    DRAIN(1012, "server restarts"),
    PROTOCOL_ERROR(1002, "protocol error"),
    INVALID_UTF8(1007, "invalid UTF-8"),
    TOO_BIG(1009, "message too big"),
    SLOW_CONSUMER(1013, "client reads too slowly"),
    WRITE_TIMEOUT(1013, "client does not read"),
    INTERNAL_ERROR(1011, "internal error");

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
