package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.CloseReason;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// The message being put together, unmasked as it arrives. Grows by what is there, at most doubling. Its bytes are
/// counted: while it grows, and after [#take] until [#letGo].
///
/// Used by the reader thread, but for [#forget].
final class MessageBuffer {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final byte[] NOTHING = {};

    private final MemoryAccount memory;

    /// What was taken and is still in use. Belongs to the reader thread.
    private int inUse;

    // guarded by this
    private byte[] bytes = NOTHING;
    private int size;
    private boolean forgotten;

    MessageBuffer(MemoryAccount memory) {
        this.memory = requireNonNull(memory, "memory is null");
    }

    synchronized int size() {
        return size;
    }

    /// Appends one fragment.
    ///
    /// @throws BrokenFrame when there is no memory for it
    void read(InputStream in, int length, byte[] mask) throws IOException {
        int done = 0;
        while (done < length) {
            // waits without the lock and without a reference to the bytes, so that another thread can forget them
            int first = in.read();
            if (first < 0) {
                throw new EOFException();
            }
            done += append(first, in, length - done, mask, done);
        }
    }

    /// Appends a byte and those that can be read without waiting.
    ///
    /// @param expected how many the fragment still has
    /// @return how many were appended
    private synchronized int append(int first, InputStream in, int expected, byte[] mask, int phase)
            throws IOException {
        ensureRoom(expected);
        bytes[size] = (byte) first;
        int room = Math.min(bytes.length - size, expected) - 1;
        int more = Math.min(room, in.available());
        int count = 1 + (more > 0 ? Math.max(0, in.read(bytes, size + 1, more)) : 0);
        unmask(bytes, size, count, mask, phase);
        size += count;
        return count;
    }

    /// The whole message; the buffer is empty afterwards.
    ///
    /// @throws BrokenFrame when another thread has forgotten it
    synchronized byte[] take() throws BrokenFrame {
        if (forgotten) {
            throw new BrokenFrame(CloseReason.MEMORY);
        }
        byte[] whole = bytes;
        if (size < bytes.length) {
            hold(size);
            whole = Arrays.copyOf(bytes, size);
            memory.release(bytes.length);
        }
        inUse = size;
        bytes = NOTHING;
        size = 0;
        return whole;
    }

    /// The message that was taken last is not used any more.
    void letGo() {
        memory.release(inUse);
        inUse = 0;
    }

    /// Frees what has arrived of a message. Nothing more is taken in. Any thread may call it, and it does not wait.
    synchronized void forget() {
        forgotten = true;
        memory.release(bytes.length);
        bytes = NOTHING;
        size = 0;
    }

    /// @param phase how many bytes of the frame came before
    static void unmask(byte[] bytes, int offset, int length, byte[] mask, int phase) {
        for (int i = 0; i < length; i++) {
            bytes[offset + i] ^= mask[(phase + i) & 3];
        }
    }

    /// With the lock held.
    private void ensureRoom(int expected) throws BrokenFrame {
        if (bytes.length - size > 0) {
            return;
        }
        int grown = size + Math.max(Math.min(CHUNK_BYTES, expected), Math.min(expected, bytes.length));
        hold(grown);
        int before = bytes.length;
        bytes = Arrays.copyOf(bytes, grown);
        memory.release(before);
    }

    /// With the lock held. Taking may end this very client, and then the buffer is forgotten.
    private void hold(int more) throws BrokenFrame {
        if (forgotten || !memory.tryHold(more)) {
            throw new BrokenFrame(CloseReason.MEMORY);
        }
    }
}
