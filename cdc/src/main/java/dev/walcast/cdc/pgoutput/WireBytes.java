package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads a message of the replication protocol from front to back. Running over its end is an
/// [IndexOutOfBoundsException].
final class WireBytes {
    private static final VarHandle SHORTS = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;
    private int at;

    WireBytes(byte[] bytes) {
        this.bytes = requireNonNull(bytes, "bytes is null");
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

    /// A text that ends with a zero byte.
    String zeroTerminated() {
        int start = at;
        while (bytes[at] != 0) {
            at++;
        }
        String text = new String(bytes, start, at - start, StandardCharsets.UTF_8);
        at++;
        return text;
    }

    /// Whether these bytes and a zero byte come next. Reads nothing.
    boolean isNextZeroTerminated(byte[] expected) {
        int end = at + expected.length;
        return end < bytes.length && bytes[end] == 0 && Arrays.equals(bytes, at, end, expected, 0, expected.length);
    }

    String text(int length) {
        int start = at;
        skip(length);
        return new String(bytes, start, length, StandardCharsets.UTF_8);
    }
}
