package dev.walcast.server.socket;

import dev.walcast.server.protocol.CloseReason;
import io.helidon.common.buffers.DataReader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Reads whole messages from a client: puts fragments together, unmasks, checks what RFC 6455 demands of a client.
/// Belongs to
/// the connection's reader thread.
final class InboundReader {
    private static final int FINAL = 0x80;
    private static final int RESERVED = 0x70;
    private static final int OP_CODE = 0x0F;
    private static final int MASKED = 0x80;
    private static final int CONTROL_BYTES_MAX = 125;

    private final DataReader reader;
    private final int messageBytesMax;

    private final ByteArrayOutputStream fragments = new ByteArrayOutputStream(0);
    private int fragmentedOpCode = -1;

    InboundReader(DataReader reader, int messageBytesMax) {
        this.reader = reader;
        this.messageBytesMax = messageBytesMax;
    }

    /// A frame that a client must not send; the connection ends with this reason.
    static final class ViolationException extends Exception {
        private static final long serialVersionUID = 1L;

        private final CloseReason reason;

        ViolationException(CloseReason reason) {
            super(reason.text());
            this.reason = reason;
        }

        CloseReason reason() {
            return reason;
        }
    }

    /// @param payload of a whole message, or of a control frame
    record Inbound(int opCode, byte[] payload) {
        /// @throws ViolationException when the payload is not UTF-8
        String text() throws ViolationException {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)
                        .decode(ByteBuffer.wrap(payload))
                        .toString();
            } catch (CharacterCodingException e) {
                throw new ViolationException(CloseReason.INVALID_UTF8);
            }
        }
    }

    /// Blocks until a message or a control frame is complete. Control frames come through between fragments.
    ///
    /// @throws RuntimeException when the connection is lost
    Inbound next() throws ViolationException {
        while (true) {
            int first = Byte.toUnsignedInt(reader.read());
            int opCode = first & OP_CODE;
            boolean isFinal = (first & FINAL) != 0;
            check((first & RESERVED) == 0 && isKnown(opCode));
            byte[] payload = payload(opCode, isFinal);
            if (OpCode.isControl(opCode)) {
                return new Inbound(opCode, payload);
            }
            Inbound message = assemble(opCode, isFinal, payload);
            if (message != null) {
                return message;
            }
        }
    }

    private static boolean isKnown(int opCode) {
        return switch (opCode) {
            case OpCode.CONTINUATION, OpCode.TEXT, OpCode.BINARY, OpCode.CLOSE, OpCode.PING, OpCode.PONG -> true;
            default -> false;
        };
    }

    private byte[] payload(int opCode, boolean isFinal) throws ViolationException {
        int second = Byte.toUnsignedInt(reader.read());
        check((second & MASKED) != 0);
        long length = length(second & ~MASKED);
        check(!OpCode.isControl(opCode) || (isFinal && length <= CONTROL_BYTES_MAX));
        if (length < 0 || length + fragments.size() > messageBytesMax) {
            throw new ViolationException(CloseReason.TOO_BIG);
        }
        byte[] mask = reader.readBytes(4);
        byte[] payload = length == 0 ? new byte[0] : reader.readBytes((int) length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        return payload;
    }

    private long length(int announced) {
        return switch (announced) {
            case 126 -> ByteBuffer.wrap(reader.readBytes(2)).getShort() & 0xFFFF;
            case 127 -> ByteBuffer.wrap(reader.readBytes(8)).getLong();
            default -> announced;
        };
    }

    private @org.jspecify.annotations.Nullable Inbound assemble(int opCode, boolean isFinal, byte[] payload)
            throws ViolationException {
        boolean continues = opCode == OpCode.CONTINUATION;
        check(continues == (fragmentedOpCode >= 0));
        if (!continues && isFinal) {
            return new Inbound(opCode, payload);
        }
        if (!continues) {
            fragmentedOpCode = opCode;
        }
        fragments.writeBytes(payload);
        if (!isFinal) {
            return null;
        }
        Inbound message = new Inbound(fragmentedOpCode, fragments.toByteArray());
        fragments.reset();
        fragmentedOpCode = -1;
        return message;
    }

    private static void check(boolean holds) throws ViolationException {
        if (!holds) {
            throw new ViolationException(CloseReason.PROTOCOL_ERROR);
        }
    }
}
