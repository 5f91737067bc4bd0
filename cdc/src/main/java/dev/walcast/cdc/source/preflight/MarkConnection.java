package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.ConnectionProblem;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves the [FeedMark] while the feed runs, over a connection of its own. Safe for any thread.
public final class MarkConnection implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MarkConnection.class);
    private static final Duration RENEW_EVERY = Duration.ofSeconds(10);

    private final SourceConfig config;
    private final CatalogConnection catalog;
    private final FeedMark feedMark;
    private final LongSupplier nanoTime;

    @GuardedBy("this")
    private Lsn remembered = Lsn.ZERO;

    @GuardedBy("this")
    private String epoch = "";

    @GuardedBy("this")
    private boolean isRenewed;

    @GuardedBy("this")
    private long renewedAt;

    /// Connects when it is first used.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public MarkConnection(SourceConfig config, LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.config = requireNonNull(config, "config is null");
        this.feedMark = new FeedMark(config.slotName());
        this.catalog = new CatalogConnection(config.url());
    }

    /// Moves the mark to the position up to which everything is delivered, and returns the state of the log.
    /// Blocks.
    ///
    /// @throws SourceException when the database cannot be asked
    public synchronized ChangeSource.Log remember(String currentEpoch, Lsn delivered) throws SourceException {
        try {
            Connection connection = catalog.get();
            if (!currentEpoch.equals(epoch) || delivered.isAfter(remembered)) {
                if (!feedMark.move(connection, currentEpoch, delivered)) {
                    renew(connection, currentEpoch, delivered);
                }
                epoch = currentEpoch;
                remembered = delivered;
            }
            return log(connection);
        } catch (SQLException e) {
            catalog.close();
            throw ConnectionProblem.explain(e, config.url());
        }
    }

    /// The feed continues without its mark when Postgres has no free slot for it.
    @GuardedBy("this")
    private void renew(Connection connection, String currentEpoch, Lsn delivered) {
        long now = nanoTime.getAsLong();
        if (isRenewed && now - renewedAt < RENEW_EVERY.toNanos()) {
            return;
        }
        isRenewed = true;
        renewedAt = now;
        try {
            feedMark.renew(connection, currentEpoch, delivered);
        } catch (SQLException e) {
            log.debug("Cannot create the mark again: {}", e.getMessage());
        }
    }

    private static ChangeSource.Log log(Connection connection) throws SQLException {
        String query = """
                select coalesce(case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                                     else pg_catalog.pg_current_wal_lsn() end, '0/0')::text,
                       pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_slot_wal_keep_size'))""";
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            long slotBytesMax = row.getLong(2);
            return new ChangeSource.Log(Lsn.parse(row.getString(1)), slotBytesMax < 0 ? Long.MAX_VALUE : slotBytesMax);
        }
    }

    @Override
    public synchronized void close() {
        catalog.close();
    }
}
