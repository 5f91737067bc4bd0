package dev.walcast.server.frames;

import dev.walcast.server.protocol.CloseReason;

/// The first two bytes of a client's frame, validated as far as they can be by themselves.
public record FrameHeader(boolean last, int opcode, int shortLength) {
    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xA;
    /// The most bytes that a control frame may carry (RFC 6455, 5.5).
    public static final int CONTROL_BYTES_MAX = 125;

    private static final int FIN = 0x80;
    private static final int RESERVED = 0x70;
    private static final int OPCODE = 0x0F;
    private static final int MASKED = 0x80;

    static FrameHeader of(int first, int second) throws InvalidFrameException {
        FrameHeader header = new FrameHeader((first & FIN) != 0, first & OPCODE, second & ~MASKED);
        boolean broken = (first & RESERVED) != 0
                || (second & MASKED) == 0
                || header.opcode > PONG
                || (header.opcode > BINARY && header.opcode < CLOSE)
                || (header.isControl() && (!header.last || header.shortLength > CONTROL_BYTES_MAX));
        if (broken) {
            throw new InvalidFrameException(CloseReason.PROTOCOL_ERROR);
        }
        return header;
    }

    boolean isControl() {
        return opcode >= CLOSE;
    }
}
