package dev.walcast.server.memory;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Collects bytes that arrive in pieces, counted in an account before there is room for them. A small amount is kept
/// in an array of the expected length. More is kept in chunks that are reused when it is discarded. So a large
/// message is not copied while it grows, and one that never ends produces no garbage.
///
/// Not thread-safe: the caller holds a lock. A method that takes memory may end the account. The account's callback
/// may then [#clear] this in the same thread.
public final class ChunkedBytes {
    private static final int CHUNK_BYTES = ChunkPool.CHUNK_BYTES;
    private static final byte[] NOTHING = {};

    private final MemoryAccount memory;
    private final List<byte[]> full = new ArrayList<>();

    /// Returned to the chunks when it has their length.
    private byte[] last = NOTHING;

    private int lastSize;

    public ChunkedBytes(MemoryAccount memory) {
        this.memory = requireNonNull(memory, "memory is null");
    }

    public int size() {
        return full.size() * CHUNK_BYTES + lastSize;
    }

    /// Makes room for at least one more byte.
    ///
    /// @param expected how many bytes are known to come
    /// @return false when there is no memory for it
    public boolean makeRoom(int expected) {
        if (lastSize < last.length) {
            return true;
        }
        return last.length == CHUNK_BYTES ? addChunk() : grow(expected);
    }

    private boolean addChunk() {
        if (!memory.tryHold(CHUNK_BYTES)) {
            return false;
        }
        full.add(last);
        last = memory.chunkPool().take();
        lastSize = 0;
        return true;
    }

    private boolean grow(int expected) {
        int length = Math.min(CHUNK_BYTES, lastSize + Math.max(expected, lastSize));
        if (!memory.tryHold(length)) {
            return false;
        }
        byte[] grown = length == CHUNK_BYTES ? memory.chunkPool().take() : new byte[length];
        System.arraycopy(last, 0, grown, 0, lastSize);
        memory.release(last.length);
        last = grown;
        return true;
    }

    /// The array with the free space: [#room] bytes from [#at]. Valid until another method is called.
    public byte[] array() {
        return last;
    }

    public int at() {
        return lastSize;
    }

    public int room() {
        return last.length - lastSize;
    }

    /// Records that this many bytes were written into the free space.
    public void added(int count) {
        lastSize += count;
    }

    /// Returns all bytes; this is empty afterwards. They stay counted until the caller releases their number in the
    /// account.
    ///
    /// @return null when there is no memory for one array; then nothing has changed
    public byte @Nullable [] take() {
        int size = size();
        if (full.isEmpty() && last.length == size && size < CHUNK_BYTES) {
            byte[] whole = last;
            last = NOTHING;
            lastSize = 0;
            return whole;
        }
        if (!memory.tryHold(size)) {
            return null;
        }
        byte[] whole = copy();
        clear();
        return whole;
    }

    /// A copy of all bytes, which is not counted.
    public byte[] copy() {
        int size = size();
        byte[] whole = new byte[size];
        for (int i = 0; i < full.size(); i++) {
            System.arraycopy(full.get(i), 0, whole, i * CHUNK_BYTES, CHUNK_BYTES);
        }
        System.arraycopy(last, 0, whole, size - lastSize, lastSize);
        return whole;
    }

    /// Returns a copy of the last bytes, at most a chunk. The copy is not counted.
    public byte[] end(int count) {
        int wanted = Math.min(count, Math.min(size(), CHUNK_BYTES));
        byte[] end = new byte[wanted];
        int ofLast = Math.min(wanted, lastSize);
        System.arraycopy(last, lastSize - ofLast, end, wanted - ofLast, ofLast);
        if (wanted > ofLast) {
            int before = wanted - ofLast;
            System.arraycopy(full.getLast(), CHUNK_BYTES - before, end, 0, before);
        }
        return end;
    }

    /// Discards all bytes and gives their memory back.
    public void clear() {
        memory.release((long) full.size() * CHUNK_BYTES + last.length);
        full.forEach(memory.chunkPool()::giveBack);
        full.clear();
        if (last.length == CHUNK_BYTES) {
            memory.chunkPool().giveBack(last);
        }
        last = NOTHING;
        lastSize = 0;
    }
}
