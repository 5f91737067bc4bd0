package dev.walcast.server.frames;

import static dev.walcast.server.protocol.CloseReason.FRAME_TOO_LARGE;
import static dev.walcast.server.protocol.CloseReason.INVALID_UTF8;
import static dev.walcast.server.protocol.CloseReason.PROTOCOL_ERROR;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Utf8;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads a client's messages from its bytes and joins fragments. Owned by the socket's reader thread.
///
/// Memory grows with the bytes that have arrived, never with the length that a header announces.
public final class FrameReader {
    private static final int LENGTH_16_BIT = 126;
    private static final int LENGTH_64_BIT = 127;
    private static final int NO_MESSAGE = -1;
    private static final int SKIPPED_AT_ONCE = 64 * 1024;

    private final InputStream in;
    private final int messageBytesMax;
    private final InboundPace pace;
    private final MessageBuffer message;
    private final EarlyLook look;
    private int messageOpcode = NO_MESSAGE;

    /// The first bytes of the message that is being read; null before it was judged.
    private byte @Nullable [] beginning;

    /// How many bytes the message may have.
    private int bytesMax = Integer.MAX_VALUE;

    /// How many bytes of the message were not kept.
    private int skipped;

    private LastBytes end = new LastBytes();

    public FrameReader(InputStream in, int messageBytesMax, MessageBuffer message, InboundPace pace, EarlyLook look) {
        this.look = requireNonNull(look, "look is null");
        this.in = requireNonNull(in, "in is null");
        this.messageBytesMax = messageBytesMax;
        this.message = requireNonNull(message, "message is null");
        this.pace = requireNonNull(pace, "pace is null");
    }

    /// Blocks until a message or control frame is complete. The previous message must not be used any more.
    public Inbound next() throws IOException {
        message.release();
        try {
            while (true) {
                FrameHeader header = FrameHeader.of(readByte(), readByte());
                pace.frame();
                if (header.isControl()) {
                    return control(header.opcode(), readControl(header.shortLength()));
                }
                readFragment(header);
                if (header.last()) {
                    return finishMessage();
                }
            }
        } catch (EOFException _) {
            return new Inbound.End();
        }
    }

    private void readFragment(FrameHeader header) throws IOException {
        boolean continues = header.opcode() == FrameHeader.CONTINUATION;
        if (continues == (messageOpcode == NO_MESSAGE)) {
            throw new InvalidFrameException(PROTOCOL_ERROR);
        }
        long length = readLength(header.shortLength());
        if (length < 0) {
            throw new InvalidFrameException(PROTOCOL_ERROR);
        }
        if (length > messageBytesMax - size()) {
            throw new InvalidFrameException(FRAME_TOO_LARGE);
        }
        if (!continues) {
            messageOpcode = header.opcode();
        }
        readFragment((int) length, readExactly(4));
    }

    private void readFragment(int length, byte[] mask) throws IOException {
        int kept = 0;
        if (messageOpcode == FrameHeader.TEXT && beginning == null && size() + (long) length > look.bytes()) {
            kept = look.bytes() - size();
            message.read(in, kept, mask, 0);
            lookAt(message.copy());
        }
        int left = length - kept;
        if (size() + (long) left > bytesMax) {
            skip(left, mask, kept);
        } else {
            message.read(in, left, mask, kept);
        }
    }

    private void lookAt(byte[] first) {
        beginning = first;
        bytesMax = look.bytesMax(first);
    }

    private void skip(int length, byte[] mask, int phase) throws IOException {
        byte[] kept = message.end(LastBytes.BYTES_MAX);
        end.add(kept, kept.length);
        skipped += message.size() + length;
        message.drop();
        byte[] chunk = new byte[Math.min(length, SKIPPED_AT_ONCE)];
        int done = 0;
        while (done < length) {
            // reads one byte alone, because that counts what was read before
            chunk[0] = (byte) readByte();
            int more = Math.min(Math.min(chunk.length, length - done) - 1, in.available());
            int count = 1 + (more > 0 ? Math.max(0, in.read(chunk, 1, more)) : 0);
            MessageBuffer.unmask(chunk, 0, count, mask, phase + done);
            end.add(chunk, count);
            done += count;
        }
    }

    /// The length of the message, as far as it has arrived.
    private int size() {
        return skipped + message.size();
    }

    private Inbound finishMessage() throws InvalidFrameException {
        boolean text = messageOpcode == FrameHeader.TEXT;
        byte[] first = beginning;
        int unkept = skipped;
        messageOpcode = NO_MESSAGE;
        beginning = null;
        bytesMax = Integer.MAX_VALUE;
        skipped = 0;
        if (first != null && unkept > 0) {
            byte[] last = end.copy();
            end = new LastBytes();
            return new Inbound.TooLarge(first, last, unkept);
        }
        byte[] bytes = message.take();
        if (!text) {
            return new Inbound.Binary(bytes);
        }
        if (!Utf8.isValid(bytes, 0, bytes.length)) {
            throw new InvalidFrameException(INVALID_UTF8);
        }
        return new Inbound.Text(bytes);
    }

    private static Inbound control(int opcode, byte[] payload) throws InvalidFrameException {
        return switch (opcode) {
            case FrameHeader.PING -> new Inbound.Ping(payload);
            case FrameHeader.PONG -> new Inbound.Pong();
            default -> close(payload);
        };
    }

    private static Inbound close(byte[] payload) throws InvalidFrameException {
        if (payload.length == 0) {
            return new Inbound.Close(payload);
        }
        if (payload.length == 1 || !mayBeSent(((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF))) {
            throw new InvalidFrameException(PROTOCOL_ERROR);
        }
        if (!Utf8.isValid(payload, 2, payload.length - 2)) {
            throw new InvalidFrameException(INVALID_UTF8);
        }
        return new Inbound.Close(Arrays.copyOf(payload, 2));
    }

    /// Whether RFC 6455 and its registry allow an endpoint to send this code.
    private static boolean mayBeSent(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }

    private byte[] readControl(int length) throws IOException {
        byte[] mask = readExactly(4);
        byte[] payload = readExactly(length);
        MessageBuffer.unmask(payload, 0, length, mask, 0);
        return payload;
    }

    private long readLength(int shortLength) throws IOException {
        return switch (shortLength) {
            case LENGTH_16_BIT -> readNumber(2);
            case LENGTH_64_BIT -> readNumber(8);
            default -> shortLength;
        };
    }

    private long readNumber(int bytes) throws IOException {
        long number = 0;
        for (int i = 0; i < bytes; i++) {
            number = number << 8 | readByte();
        }
        return number;
    }

    private int readByte() throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new EOFException();
        }
        return b;
    }

    private byte[] readExactly(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }
}
