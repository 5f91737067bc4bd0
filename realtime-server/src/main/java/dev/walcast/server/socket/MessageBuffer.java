package dev.walcast.server.socket;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// The message being put together, unmasked as it arrives. Grows by what is there, at most doubling.
final class MessageBuffer {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final byte[] NOTHING = {};

    private byte[] bytes = NOTHING;
    private int size;

    int size() {
        return size;
    }

    /// Appends one fragment.
    void read(InputStream in, int length, byte[] mask) throws IOException {
        int done = 0;
        while (done < length) {
            ensureRoom(Math.min(CHUNK_BYTES, length - done), length - done);
            int n = in.read(bytes, size, Math.min(bytes.length - size, length - done));
            if (n < 0) {
                throw new EOFException();
            }
            unmask(bytes, size, n, mask, done);
            size += n;
            done += n;
        }
    }

    /// The whole message; the buffer is empty afterwards.
    byte[] take() {
        byte[] whole = size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
        bytes = NOTHING;
        size = 0;
        return whole;
    }

    /// @param phase how many bytes of the frame came before
    static void unmask(byte[] bytes, int offset, int length, byte[] mask, int phase) {
        for (int i = 0; i < length; i++) {
            bytes[offset + i] ^= mask[(phase + i) & 3];
        }
    }

    private void ensureRoom(int needed, int expected) {
        if (bytes.length - size > 0) {
            return;
        }
        int doubled = Math.max(needed, Math.min(expected, bytes.length));
        bytes = Arrays.copyOf(bytes, size + doubled);
    }
}
