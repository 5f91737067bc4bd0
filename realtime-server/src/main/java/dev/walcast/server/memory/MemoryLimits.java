package dev.walcast.server.memory;

/// How much memory clients may make the server hold.
///
/// @param bytesMax       of all clients together
/// @param clientBytesMax of one client
public record MemoryLimits(long bytesMax, long clientBytesMax) {
    /// What a server without clients needs of the heap.
    private static final long SERVER_BYTES = 64L << 20;

    /// The least that is left for clients, however small the heap is.
    private static final long BYTES_MIN = 8L << 20;

    private static final int USUAL_PERCENT = 40;

    /// One client may hold this part of the budget, or more if its bounds demand it.
    private static final int CLIENT_SHARE = 4;

    public MemoryLimits {
        if (Math.min(bytesMax, clientBytesMax) < 1) {
            throw new IllegalArgumentException("a bound is below 1 byte");
        }
    }

    /// @param bytesMax       of all clients together
    /// @param clientBytesMin what the bounds of one client let it hold at least: a full queue and a message
    public static MemoryLimits of(long bytesMax, long clientBytesMin) {
        return new MemoryLimits(bytesMax, Math.max(bytesMax / CLIENT_SHARE, clientBytesMin));
    }

    /// The usual share of this process' heap.
    ///
    /// @param clientBytesMin as in [#of]
    public static MemoryLimits usual(long clientBytesMin) {
        return of(share(USUAL_PERCENT, Runtime.getRuntime().maxMemory()), clientBytesMin);
    }

    /// A share of what a heap has beyond the server's own need.
    ///
    /// @param heapBytes the most that the heap may have
    public static long share(int percent, long heapBytes) {
        return Math.max(BYTES_MIN, (heapBytes - SERVER_BYTES) / 100 * percent);
    }

    /// A budget with these bounds.
    public MemoryBudget budget() {
        return new MemoryBudget(bytesMax, clientBytesMax);
    }
}
