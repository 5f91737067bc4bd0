package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Optional;

/// Takes in a body, counted in the budget of memory. When there is no memory for it, it forgets all of it and drops
/// what follows. Used by the request's thread, but for what ends it.
final class BodyBuffer extends OutputStream {
    private static final int FIRST_BYTES = 16 * 1024;
    private static final byte[] NOTHING = {};

    private final MemoryAccount memory;

    // guarded by this
    private byte[] bytes = NOTHING;
    private int size;
    private boolean forgotten;

    /// What was taken and is in use. Belongs to the request's thread.
    private long inUse;

    BodyBuffer(MemoryBudget budget) {
        this.memory = requireNonNull(budget, "budget is null").open(this::forget);
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] from, int offset, int length) {
        if (!forgotten && size + length > bytes.length) {
            grow(Math.max(size + length, Math.max(FIRST_BYTES, 2 * bytes.length)));
        }
        if (!forgotten) {
            System.arraycopy(from, offset, bytes, size, length);
            size += length;
        }
    }

    /// All of it; nothing when there was no memory for it. To be given back by [#close].
    ///
    /// @param copies how many times it is copied while it is worked on
    synchronized Optional<byte[]> take(int copies) {
        long more = (long) size * copies;
        if (!forgotten && size < bytes.length) {
            grow(size);
        }
        if (forgotten || !memory.tryHold(more)) {
            forget();
            return Optional.empty();
        }
        byte[] whole = bytes;
        inUse = whole.length + more;
        bytes = NOTHING;
        size = 0;
        return Optional.of(whole);
    }

    /// Nothing of it is used any more.
    @Override
    public void close() {
        forget();
        memory.release(inUse);
        inUse = 0;
        memory.close();
    }

    /// With the lock held. Both arrays are there while one is copied to the other.
    private void grow(int length) {
        if (!memory.tryHold(length)) {
            forget();
        } else {
            int before = bytes.length;
            bytes = Arrays.copyOf(bytes, length);
            memory.release(before);
        }
    }

    private synchronized void forget() {
        forgotten = true;
        memory.release(bytes.length);
        bytes = NOTHING;
        size = 0;
    }
}
