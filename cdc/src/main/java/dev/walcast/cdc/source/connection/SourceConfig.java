package dev.walcast.cdc.source.connection;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.PostgresUrl;
import java.time.Duration;
import java.util.List;

/// What the reader is told.
///
/// @param publications           whose tables are read; the first must be there, the others are read as far as they
///                               exist when the reader starts
/// @param pollInterval           how long Debezium sleeps when nothing came: latency's floor against idle CPU
/// @param transactionMemoryBytes what one transaction under way may hold in memory before it is spilled to a file
/// @param slotWait               how long a start waits for a slot that another process still holds
public record SourceConfig(
        PostgresUrl url,
        List<String> publications,
        String slotName,
        Duration pollInterval,
        long transactionMemoryBytes,
        Duration slotWait) {
    public SourceConfig {
        requireNonNull(url, "url is null");
        publications = List.copyOf(publications);
        if (publications.isEmpty()) {
            throw new IllegalArgumentException("there is no publication");
        }
        requireNonNull(slotName, "slotName is null");
        requireNonNull(pollInterval, "pollInterval is null");
        requireNonNull(slotWait, "slotWait is null");
    }

    /// The usual intervals and bounds.
    public static SourceConfig of(PostgresUrl url, String publication, String slotName) {
        return new SourceConfig(
                url, List.of(publication), slotName, Duration.ofMillis(5), 64L << 20, Duration.ofSeconds(15));
    }
}
