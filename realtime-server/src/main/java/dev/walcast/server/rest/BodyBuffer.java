package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.memory.ChunkedBytes;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import java.io.OutputStream;
import java.util.Optional;

/// Collects a request's body, counted in the memory budget. When there is no memory for it, the buffer discards
/// everything and drops what follows. Used by the request's thread, except by what ends the account.
final class BodyBuffer extends OutputStream {
    private static final int FIRST_BYTES = 16 * 1024;

    private final MemoryAccount memory;

    @GuardedBy("this")
    private final ChunkedBytes bytes;

    @GuardedBy("this")
    private boolean forgotten;

    /// Bytes that were taken and are in use. Belongs to the request's thread.
    private long inUse;

    BodyBuffer(MemoryBudget budget) {
        this.memory = requireNonNull(budget, "budget is null").open(this::forget);
        this.bytes = new ChunkedBytes(memory);
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] from, int offset, int length) {
        int done = 0;
        while (done < length && !forgotten) {
            if (bytes.makeRoom(Math.max(FIRST_BYTES, length - done))) {
                int count = Math.min(bytes.room(), length - done);
                System.arraycopy(from, offset + done, bytes.array(), bytes.at(), count);
                bytes.added(count);
                done += count;
            } else {
                forget();
            }
        }
    }

    /// Returns the whole body; empty when there was no memory for it. [#close] gives the memory back.
    ///
    /// @param copies how many times the caller copies it
    synchronized Optional<byte[]> take(int copies) {
        byte[] whole = forgotten ? null : bytes.take();
        if (whole == null) {
            forget();
            return Optional.empty();
        }
        inUse = whole.length;
        long more = (long) whole.length * copies;
        if (!memory.tryHold(more)) {
            return Optional.empty();
        }
        inUse += more;
        return Optional.of(whole);
    }

    /// Gives all memory back.
    @Override
    public void close() {
        forget();
        memory.release(inUse);
        inUse = 0;
        memory.close();
    }

    private synchronized void forget() {
        forgotten = true;
        bytes.clear();
    }
}
