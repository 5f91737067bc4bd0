package dev.walcast.server.settings;

import dev.walcast.cdc.HeapShares;
import dev.walcast.server.memory.MemoryLimits;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The setting that limits the memory of clients.
final class MemoryOptions {
    private static final int PERCENT_MIN = 5;
    private static final int PERCENT_MAX = 80;
    private static final long BYTES_MIN = 8L << 20;
    private static final HeapShares HEAP = HeapShares.ofThisProcess();

    @Option(
            names = "--memory-budget",
            paramLabel = "SIZE",
            defaultValue = "40%",
            description = "How much memory all clients together may use, as a size or as a percentage of the heap"
                    + " beyond 64MiB. Above it, the clients that use most are disconnected.")
    private MemoryShare budget = new MemoryShare.Percent(PERCENT_MIN);

    /// Call it when there are no [#problems].
    ///
    /// @param clientBytesMin the least that the other settings let one client hold
    MemoryLimits limits(long clientBytesMin) {
        return MemoryLimits.of(budget.bytes(HEAP), clientBytesMin);
    }

    List<String> problems() {
        List<String> problems = new ArrayList<>();
        switch (budget) {
            case MemoryShare.Percent(int percent) ->
                LimitOptions.check(
                        problems,
                        percent >= PERCENT_MIN && percent <= PERCENT_MAX,
                        "MEMORY_BUDGET must be between 5% and 80%.");
            case MemoryShare.Size(ByteSize size) ->
                LimitOptions.check(
                        problems,
                        size.bytes() >= BYTES_MIN && size.bytes() <= HEAP.heapBytes() / 100 * PERCENT_MAX,
                        "MEMORY_BUDGET must be at least 8MiB and at most 80% of the heap, which is "
                                + (HEAP.heapBytes() >> 20) + "MiB.");
        }
        return problems;
    }
}
