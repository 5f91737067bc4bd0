package dev.walcast.server.memory;

import java.util.concurrent.atomic.AtomicInteger;

/// Bytes that wait for several clients of one server at once, such as an encoded change. They are counted in the
/// budget once, from the first holder to the last. Safe for any thread.
public final class SharedBytes {
    private final int bytes;
    private final AtomicInteger holders = new AtomicInteger();

    public SharedBytes(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }

    /// Whether this holder is the first, so that the sum has grown.
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
