package dev.walcast.server.memory;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Lends arrays of one size. What is given back is lent again, until a collection of the heap takes it: clients that
/// send much and never finish cost no garbage, and afterwards nothing stays. Safe for any thread.
final class Chunks {
    static final int CHUNK_BYTES = 64 * 1024;

    /// Guarded by this.
    private WeakReference<ArrayDeque<byte[]>> free = new WeakReference<>(null);

    /// An array of [#CHUNK_BYTES], with what its last user has left in it.
    byte[] take() {
        byte[] used = takeFree();
        return used == null ? new byte[CHUNK_BYTES] : used;
    }

    private synchronized byte @Nullable [] takeFree() {
        ArrayDeque<byte[]> chunks = free.get();
        return chunks == null ? null : chunks.pollLast();
    }

    /// The caller has no reference to it any more.
    synchronized void giveBack(byte[] chunk) {
        ArrayDeque<byte[]> chunks = free.get();
        if (chunks == null) {
            chunks = new ArrayDeque<>();
            free = new WeakReference<>(chunks);
        }
        chunks.addLast(chunk);
    }
}
