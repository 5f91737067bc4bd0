package dev.walcast.cdc.source.connection;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.PostgresUrl;
import java.time.Duration;
import java.util.List;

/// The settings of a source.
///
/// @param publications           the publications to read; the first must exist, the others are read when they
///                               exist at the reader's start
/// @param pollInterval           how long Debezium sleeps when nothing came; a short interval has low latency
///                               and uses more CPU
/// @param transactionMemoryBytes how much of a transaction is kept in memory before the rest goes to a file
/// @param slotWait               how long a start waits for a slot that another process holds
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

    /// Returns settings with the default intervals and limits.
    public static SourceConfig of(PostgresUrl url, String publication, String slotName) {
        return new SourceConfig(
                url, List.of(publication), slotName, Duration.ofMillis(5), 64L << 20, Duration.ofSeconds(15));
    }
}
