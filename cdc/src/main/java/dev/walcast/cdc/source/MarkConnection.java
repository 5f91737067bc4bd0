package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Moves the [FeedMark] while the feed runs, over a connection of its own. Safe for any thread.
final class MarkConnection implements AutoCloseable {
    private final SourceConfig config;
    private final CatalogConnection catalog;
    private Lsn remembered = Lsn.ZERO;
    private String epoch = "";

    MarkConnection(SourceConfig config) {
        this.config = requireNonNull(config, "config is null");
        this.catalog = new CatalogConnection(config.url());
    }

    /// @return where the log ends now
    synchronized Lsn remember(String currentEpoch, Lsn delivered) throws SourceException {
        try {
            Connection connection = catalog.get();
            if (!currentEpoch.equals(epoch) || delivered.isAfter(remembered)) {
                FeedMark.advance(connection, FeedMark.name(config.slotName(), currentEpoch), delivered);
                epoch = currentEpoch;
                remembered = delivered;
            }
            return end(connection);
        } catch (SQLException e) {
            catalog.close();
            throw ConnectionProblem.explain(e, config.url());
        }
    }

    private static Lsn end(Connection connection) throws SQLException {
        String query = """
                select coalesce(case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                                     else pg_catalog.pg_current_wal_lsn() end, '0/0')::text""";
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    @Override
    public synchronized void close() {
        catalog.close();
    }
}
