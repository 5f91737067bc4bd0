package dev.walcast.server.frames;

import java.util.Arrays;

/// Keeps the last bytes of a message that is discarded.
final class LastBytes {
    /// Enough for two refs of a message of version 1.0.0, each character escaped.
    static final int BYTES_MAX = 16 * 1024;

    private byte[] bytes = {};

    /// Appends bytes, and drops those that are too far from the end.
    void add(byte[] more, int count) {
        int fresh = Math.min(count, BYTES_MAX);
        int old = Math.min(bytes.length, BYTES_MAX - fresh);
        byte[] joined = new byte[old + fresh];
        System.arraycopy(bytes, bytes.length - old, joined, 0, old);
        System.arraycopy(more, count - fresh, joined, old, fresh);
        bytes = joined;
    }

    byte[] copy() {
        return Arrays.copyOf(bytes, bytes.length);
    }
}
