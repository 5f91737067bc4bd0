package dev.walcast.server.frames;

/// The last bytes of a message that is not kept, in a ring: what an added byte costs does not depend on how the
/// message arrives.
final class LastBytes {
    /// Enough for two refs of a message of version 1.0.0, each character escaped.
    static final int BYTES_MAX = 16 * 1024;

    private static final byte[] NOTHING = {};

    private byte[] ring = NOTHING;
    private long added;

    /// Appends bytes, and forgets those that are too far from the end.
    void add(byte[] more, int count) {
        if (ring.length == 0) {
            ring = new byte[BYTES_MAX];
        }
        int fresh = Math.min(count, BYTES_MAX);
        int at = (int) ((added + count - fresh) % BYTES_MAX);
        int untilWrap = Math.min(fresh, BYTES_MAX - at);
        System.arraycopy(more, count - fresh, ring, at, untilWrap);
        System.arraycopy(more, count - fresh + untilWrap, ring, 0, fresh - untilWrap);
        added += count;
    }

    byte[] copy() {
        byte[] copy = new byte[(int) Math.min(added, BYTES_MAX)];
        int from = (int) ((added - copy.length) % BYTES_MAX);
        int untilWrap = Math.min(copy.length, BYTES_MAX - from);
        System.arraycopy(ring, from, copy, 0, untilWrap);
        System.arraycopy(ring, 0, copy, untilWrap, copy.length - untilWrap);
        return copy;
    }
}
