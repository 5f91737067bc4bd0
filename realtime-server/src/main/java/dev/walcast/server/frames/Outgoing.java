package dev.walcast.server.frames;

import dev.walcast.server.memory.SharedBytes;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundFrame;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// One frame to be written.
public sealed interface Outgoing {
    int OPCODE_FIN = 0x80;

    /// Approximate size of the objects of a queued frame, so that tiny frames are bounded as well.
    int OVERHEAD_BYTES = 64;

    int payloadBytes();

    int firstByte();

    default int cost() {
        return payloadBytes() + OVERHEAD_BYTES;
    }

    /// The part of the cost that is counted once for all sockets; null when there is none.
    default @Nullable SharedBytes shared() {
        return null;
    }

    /// The cost without the shared part.
    default int ownCost() {
        SharedBytes common = shared();
        return common == null ? cost() : cost() - common.bytes();
    }

    record Data(OutboundFrame frame) implements Outgoing {
        @Override
        public int payloadBytes() {
            return frame.bytes();
        }

        @Override
        public @Nullable SharedBytes shared() {
            return frame.shared();
        }

        @Override
        public int firstByte() {
            return OPCODE_FIN
                    | switch (frame.kind()) {
                        case TEXT -> FrameHeader.TEXT;
                        case BINARY -> FrameHeader.BINARY;
                    };
        }
    }

    record Control(int opcode, byte[] payload) implements Outgoing {
        @Override
        public int payloadBytes() {
            return payload.length;
        }

        @Override
        public int firstByte() {
            return OPCODE_FIN | opcode;
        }
    }

    static Outgoing ping() {
        return new Control(FrameHeader.PING, new byte[0]);
    }

    static Outgoing pong(byte[] payload) {
        return new Control(FrameHeader.PONG, payload);
    }

    /// Creates the answer to a close frame.
    static Outgoing closeEcho(byte[] payload) {
        return new Control(FrameHeader.CLOSE, payload);
    }

    static Outgoing close(CloseReason reason) {
        byte[] text = reason.text().getBytes(StandardCharsets.UTF_8);
        byte[] payload = ByteBuffer.allocate(2 + text.length)
                .putShort((short) reason.code())
                .put(text)
                .array();
        return new Control(FrameHeader.CLOSE, payload);
    }
}
