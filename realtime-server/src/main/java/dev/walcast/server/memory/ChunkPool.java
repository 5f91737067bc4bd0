package dev.walcast.server.memory;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Lends arrays of one size. Returned arrays are reused until a garbage collection takes them. So clients that send
/// much and never finish cause no garbage, and later nothing stays allocated. Safe for any thread.
final class ChunkPool {
    static final int CHUNK_BYTES = 64 * 1024;

    @GuardedBy("this")
    private WeakReference<ArrayDeque<byte[]>> free = new WeakReference<>(null);

    /// An array of [#CHUNK_BYTES]. It may contain data of its last user.
    byte[] take() {
        byte[] used = takeFree();
        return used == null ? new byte[CHUNK_BYTES] : used;
    }

    private synchronized byte @Nullable [] takeFree() {
        ArrayDeque<byte[]> chunkPool = free.get();
        return chunkPool == null ? null : chunkPool.pollLast();
    }

    /// Takes an array back. The caller must not use it any more.
    synchronized void giveBack(byte[] chunk) {
        ArrayDeque<byte[]> chunkPool = free.get();
        if (chunkPool == null) {
            chunkPool = new ArrayDeque<>();
            free = new WeakReference<>(chunkPool);
        }
        chunkPool.addLast(chunk);
    }
}
