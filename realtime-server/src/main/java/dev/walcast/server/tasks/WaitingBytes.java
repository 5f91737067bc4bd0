package dev.walcast.server.tasks;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import java.util.concurrent.Semaphore;

/// Bounds the bytes of the messages that wait in all lanes of one socket, and counts them in the client's memory
/// account.
public final class WaitingBytes {
    private final Semaphore left;
    private final MemoryAccount memory;

    /// @param bytesMax of all messages that wait at the same time
    public WaitingBytes(int bytesMax, MemoryAccount memory) {
        this.left = new Semaphore(bytesMax);
        this.memory = requireNonNull(memory, "memory is null");
    }

    /// @return false when the bound would be exceeded
    boolean tryTake(int bytes) {
        if (!left.tryAcquire(bytes)) {
            return false;
        }
        if (!memory.tryHold(bytes)) {
            left.release(bytes);
            return false;
        }
        return true;
    }

    void giveBack(int bytes) {
        memory.release(bytes);
        left.release(bytes);
    }
}
