package dev.walcast.server.memory;

import dev.walcast.cdc.HeapShares;
import java.util.function.LongSupplier;

/// How much memory clients may make the server hold.
///
/// @param bytesMax       of all clients together
/// @param clientBytesMax of one client
public record MemoryLimits(long bytesMax, long clientBytesMax) {
    private static final int USUAL_PERCENT = 40;

    /// The part of the budget that one client may hold, or more if its own bounds require it.
    private static final int CLIENT_SHARE = 4;

    public MemoryLimits {
        if (Math.min(bytesMax, clientBytesMax) < 1) {
            throw new IllegalArgumentException("a bound is below 1 byte");
        }
    }

    /// @param bytesMax       of all clients together
    /// @param clientBytesMin the least that the bounds of one client let it hold: a full queue and a message
    public static MemoryLimits of(long bytesMax, long clientBytesMin) {
        return new MemoryLimits(bytesMax, Math.max(bytesMax / CLIENT_SHARE, clientBytesMin));
    }

    /// The default share of this process' heap.
    ///
    /// @param clientBytesMin as in [#of]
    public static MemoryLimits usual(long clientBytesMin) {
        return of(HeapShares.ofThisProcess().clientBytes(USUAL_PERCENT), clientBytesMin);
    }

    /// Creates a budget with these bounds.
    public MemoryBudget budget(LongSupplier nanoTime) {
        return new MemoryBudget(bytesMax, clientBytesMax, nanoTime);
    }
}
