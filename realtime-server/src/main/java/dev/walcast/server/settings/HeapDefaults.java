package dev.walcast.server.settings;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.HeapShares;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Computes defaults for a small heap. They lower the documented defaults of settings that bound memory, directly or
/// through a number of connections.
final class HeapDefaults implements IDefaultValueProvider {
    /// @param usual the documented default
    /// @param least the default on the smallest heap
    private record Scaled(long usual, long least) {}

    private static final Map<String, Scaled> SCALED = Map.of(
            "MAX_CONNECTIONS_PER_ADDRESS", new Scaled(4_096, 200),
            "OUTBOX", new Scaled(32L << 20, 8L << 20),
            "MAX_PRESENCE_SIZE", new Scaled(8L << 20, 1L << 20),
            "REPLAY_MEMORY", new Scaled(64L << 20, 1L << 20),
            "TRANSACTION_MEMORY", new Scaled(64L << 20, 2L << 20),
            "DELETE_KEYS_MEMORY", new Scaled(16L << 20, 1L << 20));

    private final HeapShares heap;

    HeapDefaults(HeapShares heap) {
        this.heap = requireNonNull(heap, "heap is null");
    }

    /// The defaults of this process.
    static HeapDefaults ofThisProcess() {
        return new HeapDefaults(HeapShares.ofThisProcess());
    }

    /// Empty when the documented default applies.
    Optional<String> value(String setting) {
        Scaled scaled = SCALED.get(setting);
        return scaled == null || heap.isRoomy()
                ? Optional.empty()
                : Optional.of(Long.toString(heap.scaled(scaled.usual, scaled.least)));
    }

    @Override
    public @Nullable String defaultValue(ArgSpec spec) {
        return spec instanceof OptionSpec option && option.longestName().startsWith("--")
                ? value(SettingsSource.nameOf(option)).orElse(null)
                : null;
    }
}
