package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Identifier;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.SourceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks, before the reader starts, for everything that would make it fail, and says in one sentence what to do about
/// it. Creates the slot when it is missing or lost.
public final class Preflight {
    private static final int OLDEST_SERVER_VERSION = 140_000;

    private final SourceConfig config;
    private final Publications publications;
    private final Check further;
    private final LogicalSlot slot;

    /// Something that one reader wants to be so.
    @FunctionalInterface
    public interface Check {
        /// @param publications those that will be read
        void check(Connection connection, List<String> publications) throws SQLException, SourceException;
    }

    Preflight(SourceConfig config, Publications publications, Check further) {
        this.config = requireNonNull(config, "config is null");
        this.publications = requireNonNull(publications, "publications is null");
        this.further = requireNonNull(further, "further is null");
        this.slot = new LogicalSlot(config);
    }

    /// @param running null at the first start
    /// @return from where the feed goes on
    FeedStart run(FeedMark.@Nullable Running running) throws SourceException {
        PostgresUrl url = config.url();
        try (Connection connection = CatalogConnection.open(url)) {
            checkServer(connection);
            publications.choose(connection);
            further.check(connection, publications.inUse());
            boolean leadsNowhere = slot.ensure(connection);
            if (!leadsNowhere && publications.isAtHole()) {
                slot.passOver(connection, publications.holeEnd());
                leadsNowhere = true;
            }
            FeedStart start = new FeedMark(config.slotName()).establish(connection, leadsNowhere, running);
            publications.settled();
            return start;
        } catch (SQLException e) {
            throw ConnectionProblem.explain(e, url);
        }
    }

    /// Up to where the slot is confirmed now.
    Lsn confirmed() throws SQLException {
        try (Connection connection = CatalogConnection.open(config.url())) {
            return new FeedMark(config.slotName()).confirmed(connection);
        }
    }

    private void checkServer(Connection connection) throws SQLException, SourceException {
        String query = """
                select pg_catalog.current_setting('server_version_num')::int, pg_catalog.current_setting('server_version'),
                       pg_catalog.current_setting('wal_level'), pg_catalog.pg_is_in_recovery(),
                       (select rolreplication or rolsuper from pg_catalog.pg_roles where rolname = current_user)""";
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            if (row.getInt(1) < OLDEST_SERVER_VERSION) {
                throw permanent("This is Postgres " + row.getString(2) + "; Walcast needs 14 or newer.");
            }
            if (!row.getString(3).equals("logical")) {
                throw permanent("The database writes its log with wal_level=" + row.getString(3)
                        + ", but logical is needed: run ALTER SYSTEM SET wal_level = 'logical' and restart Postgres.");
            }
            if (!row.getBoolean(5)) {
                throw permanent("Role \"" + config.url().user() + "\" may not read the log: run ALTER ROLE "
                        + Identifier.quoted(config.url().user()) + " REPLICATION as a superuser.");
            }
        }
    }

    private static SourceException permanent(String message) {
        return new SourceException(message, false);
    }
}
