package dev.walcast.server.memory;

import java.util.concurrent.atomic.AtomicInteger;

/// Bytes that wait for several clients at once, such as an encoded change. The budget counts them once, from the
/// first holder to the last. Safe for any thread.
public final class SharedBytes {
    private final int bytes;
    private final AtomicInteger holders = new AtomicInteger();

    public SharedBytes(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }

    /// Returns true for the first holder: the sum has grown.
    boolean retain(MemoryBudget budget) {
        boolean first = holders.getAndIncrement() == 0;
        if (first) {
            budget.add(bytes);
        }
        return first;
    }

    void release(MemoryBudget budget) {
        if (holders.decrementAndGet() == 0) {
            budget.add(-bytes);
        }
    }
}
