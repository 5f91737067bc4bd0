package dev.walcast.server.frames;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.memory.ChunkedBytes;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.CloseReason;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/// Collects one message and unmasks it as it arrives. Grows with the bytes received. They are counted in the account
/// while the buffer grows, and after [#take] until [#release].
///
/// Used by the reader thread, except [#forget].
public final class MessageBuffer {
    private final MemoryAccount memory;

    /// Bytes that were taken and are still in use. Belongs to the reader thread.
    private int inUse;

    @GuardedBy("this")
    private final ChunkedBytes bytes;

    @GuardedBy("this")
    private boolean forgotten;

    public MessageBuffer(MemoryAccount memory) {
        this.memory = requireNonNull(memory, "memory is null");
        this.bytes = new ChunkedBytes(memory);
    }

    synchronized int size() {
        return bytes.size();
    }

    /// Appends one fragment, or a part of one.
    ///
    /// @param phase how many bytes of the frame came before
    /// @throws InvalidFrameException when there is no memory for it
    void read(InputStream in, int length, byte[] mask, int phase) throws IOException {
        int done = 0;
        while (done < length) {
            // waits without the lock and without a reference to the bytes, so that another thread can forget them
            int first = in.read();
            if (first < 0) {
                throw new EOFException();
            }
            done += append(first, in, length - done, mask, phase + done);
        }
    }

    /// Appends a byte and those that can be read without waiting.
    ///
    /// @param expected how many bytes the fragment still has
    /// @return how many were appended
    private synchronized int append(int first, InputStream in, int expected, byte[] mask, int phase)
            throws IOException {
        if (forgotten || !bytes.makeRoom(expected)) {
            throw new InvalidFrameException(CloseReason.MEMORY);
        }
        byte[] array = bytes.array();
        int at = bytes.at();
        array[at] = (byte) first;
        int more = Math.min(Math.min(bytes.room(), expected) - 1, in.available());
        int count = 1 + (more > 0 ? Math.max(0, in.read(array, at + 1, more)) : 0);
        unmask(array, at, count, mask, phase);
        bytes.added(count);
        return count;
    }

    /// Returns the complete message; the buffer is empty afterwards.
    ///
    /// @throws InvalidFrameException when another thread has discarded it, or there is no memory for it
    synchronized byte[] take() throws InvalidFrameException {
        byte[] whole = forgotten ? null : bytes.take();
        if (whole == null) {
            throw new InvalidFrameException(CloseReason.MEMORY);
        }
        inUse = whole.length;
        return whole;
    }

    /// Returns a copy of the bytes that have arrived.
    synchronized byte[] copy() {
        return bytes.copy();
    }

    /// Returns a copy of the last bytes that have arrived, at most this many.
    synchronized byte[] end(int count) {
        return bytes.end(count);
    }

    /// Discards the bytes that have arrived of this message.
    synchronized void drop() {
        bytes.clear();
    }

    /// Releases the memory of the message that was taken last.
    public void release() {
        memory.release(inUse);
        inUse = 0;
    }

    /// Discards what has arrived of a message and refuses more. Any thread may call it; it does not block.
    public synchronized void forget() {
        forgotten = true;
        bytes.clear();
    }

    /// @param phase how many bytes of the frame came before
    static void unmask(byte[] bytes, int offset, int length, byte[] mask, int phase) {
        for (int i = 0; i < length; i++) {
            bytes[offset + i] ^= mask[(phase + i) & 3];
        }
    }
}
