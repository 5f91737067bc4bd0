package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.ConnectionProblem;
import dev.walcast.cdc.source.connection.ReaderSockets;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks, before the reader starts, everything that would make it fail, and explains in one sentence how to
/// fix it. Creates the slot when it is missing or lost.
public final class Preflight {
    private static final Logger log = LoggerFactory.getLogger(Preflight.class);
    private static final int OLDEST_SERVER_VERSION = 140_000;

    private final SourceConfig config;
    private final Publications publications;
    private final LogicalSlot slot;
    private boolean warnedOfEncoding;

    public Preflight(SourceConfig config, Publications publications) {
        this.config = requireNonNull(config, "config is null");
        this.publications = requireNonNull(publications, "publications is null");
        this.slot = new LogicalSlot(config);
    }

    /// Checks the database and prepares the slot.
    ///
    /// @param running null at the first start
    /// @return the position from which the feed continues
    public FeedStart run(FeedMark.@Nullable Running running) throws SourceException {
        PostgresUrl url = config.url();
        try (Connection connection = CatalogConnection.open(url, null)) {
            checkServer(connection);
            if (running == null) {
                new ReplicationAccess(url).check(connection);
            }
            publications.choose(connection);
            boolean isNewFeed = slot.ensure(connection);
            if (!isNewFeed && publications.isAtHole()) {
                slot.advancePast(connection, publications.holeEnd());
                isNewFeed = true;
            }
            FeedStart start = new FeedMark(config.slotName()).establish(connection, isNewFeed, running);
            publications.settled();
            return start;
        } catch (SQLException e) {
            throw ConnectionProblem.explain(e, url);
        }
    }

    /// Returns the position up to which the slot is confirmed.
    public Lsn confirmed(ReaderSockets sockets) throws SQLException {
        try (Connection connection = CatalogConnection.open(config.url(), sockets)) {
            return new FeedMark(config.slotName()).confirmed(connection);
        }
    }

    private void checkServer(Connection connection) throws SQLException, SourceException {
        String query = """
                select pg_catalog.current_setting('server_version_num')::int, pg_catalog.current_setting('server_version'),
                       pg_catalog.current_setting('wal_level'), pg_catalog.pg_is_in_recovery(),
                       pg_catalog.current_setting('server_encoding')""";
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            if (row.getInt(1) < OLDEST_SERVER_VERSION) {
                throw permanent("This is Postgres " + row.getString(2) + "; Walcast needs 14 or newer.");
            }
            if (row.getBoolean(4)) {
                throw new SourceException(
                        "Postgres at " + config.url() + " is a standby, and only the primary's log is read: name the"
                                + " primary or all hosts in DATABASE_URL (host1:5432,host2:5432), or promote this one.",
                        true);
            }
            if (!row.getString(3).equals("logical")) {
                throw permanent("The database writes its log with wal_level=" + row.getString(3)
                        + ", but logical is needed: run ALTER SYSTEM SET wal_level = 'logical' and restart Postgres.");
            }
            warnOfEncoding(row.getString(5));
        }
    }

    private void warnOfEncoding(String encoding) {
        if (encoding.equals("SQL_ASCII") && !warnedOfEncoding) {
            warnedOfEncoding = true;
            log.warn(
                    "Database \"{}\" has the encoding SQL_ASCII, which allows texts that are not UTF-8 and cannot be"
                            + " delivered: move the data to a database made with ENCODING 'UTF8'.",
                    config.url().database());
        }
    }

    private static SourceException permanent(String message) {
        return new SourceException(message, false);
    }
}
