package dev.walcast.server.cli;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The defaults of settings that bound memory, on a heap that is too small for the documented ones. They shrink in
/// proportion to what the heap has beyond the server's own need, down to the least with which the server works.
final class HeapDefaults implements IDefaultValueProvider {
    /// From here on the documented defaults hold. A heap of 1 GiB has less, depending on the collector.
    private static final long HEAP_BYTES = 900L << 20;

    private static final long SERVER_BYTES = 64L << 20;

    /// @param usual the documented default
    /// @param least on the smallest heap
    private record Scaled(long usual, long least) {}

    private static final Map<String, Scaled> SCALED = Map.of(
            "OUTBOX", new Scaled(32L << 20, 8L << 20),
            "MAX_PRESENCE_SIZE", new Scaled(8L << 20, 1L << 20),
            "REPLAY_MEMORY", new Scaled(64L << 20, 1L << 20),
            "TRANSACTION_MEMORY", new Scaled(64L << 20, 2L << 20),
            "DELETE_KEYS_MEMORY", new Scaled(16L << 20, 1L << 20));

    private final long heapBytes;

    /// @param heapBytes the most that the heap may have
    HeapDefaults(long heapBytes) {
        this.heapBytes = heapBytes;
    }

    /// For this process.
    static HeapDefaults ofThisProcess() {
        return new HeapDefaults(Runtime.getRuntime().maxMemory());
    }

    /// Nothing when the documented default holds.
    Optional<String> value(String setting) {
        Scaled scaled = SCALED.get(setting);
        if (scaled == null || heapBytes >= HEAP_BYTES) {
            return Optional.empty();
        }
        double share = Math.max(0, (double) (heapBytes - SERVER_BYTES) / (HEAP_BYTES - SERVER_BYTES));
        return Optional.of(Long.toString(Math.max(scaled.least, Math.round(share * scaled.usual))));
    }

    @Override
    public @Nullable String defaultValue(ArgSpec spec) {
        return spec instanceof OptionSpec option && option.longestName().startsWith("--")
                ? value(SettingsSource.nameOf(option)).orElse(null)
                : null;
    }
}
