package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.source.connection.DatabaseEncoding;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads a message of the replication protocol from front to back. Throws an [IndexOutOfBoundsException] at its
/// end.
final class WireBytes {
    private static final VarHandle SHORTS = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;
    private final DatabaseEncoding encoding;
    private int at;

    WireBytes(byte[] bytes, DatabaseEncoding encoding) {
        this.bytes = requireNonNull(bytes, "bytes is null");
        this.encoding = requireNonNull(encoding, "encoding is null");
    }

    char tag() {
        return (char) (bytes[at++] & 0xFF);
    }

    int int16() {
        int value = (short) SHORTS.get(bytes, at);
        at += Short.BYTES;
        return value;
    }

    int int32() {
        int value = (int) INTS.get(bytes, at);
        at += Integer.BYTES;
        return value;
    }

    long int64() {
        long value = (long) LONGS.get(bytes, at);
        at += Long.BYTES;
        return value;
    }

    void skip(int length) {
        if (length < 0 || length > bytes.length - at) {
            throw new IndexOutOfBoundsException("a length of " + length + " in a message of " + bytes.length);
        }
        at += length;
    }

    /// Reads a text that ends with a zero byte.
    ///
    /// @throws UnreadableNameException when the bytes are not valid in the database's encoding
    String zeroTerminated() {
        int start = at;
        while (bytes[at] != 0) {
            at++;
        }
        String text = encoding.text(bytes, start, at - start);
        at++;
        if (text == null) {
            throw new UnreadableNameException();
        }
        return text;
    }

    /// Whether these bytes and a zero byte follow. Reads nothing.
    boolean isNextZeroTerminated(byte[] expected) {
        int end = at + expected.length;
        return end < bytes.length && bytes[end] == 0 && Arrays.equals(bytes, at, end, expected, 0, expected.length);
    }

    /// @return null when the bytes are not valid in the database's encoding
    @Nullable
    String text(int length) {
        int start = at;
        skip(length);
        return encoding.text(bytes, start, length);
    }
}
