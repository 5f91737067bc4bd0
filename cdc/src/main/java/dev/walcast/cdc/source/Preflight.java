package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.SourceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks, before the reader starts, for everything that would make it fail, and says in one sentence what to do about
/// it. Creates the slot when it is missing.
public final class Preflight {
    private static final Logger log = LoggerFactory.getLogger(Preflight.class);
    private static final int OLDEST_SERVER_VERSION = 140_000;

    private final SourceConfig config;
    private final Publications publications;
    private final Check further;

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
    }

    /// @param running null at the first start
    /// @return from where the feed goes on
    FeedStart run(FeedMark.@Nullable Running running) throws SourceException {
        PostgresUrl url = config.url();
        try (Connection connection = CatalogConnection.open(url)) {
            checkServer(connection);
            checkPublication(connection, config.publications().getFirst());
            publications.choose(connection);
            further.check(connection, publications.inUse());
            return new FeedMark(config.slotName()).establish(connection, checkSlot(connection), running);
        } catch (SQLException e) {
            throw ConnectionProblem.explain(e, url);
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
                throw permanent("Role \"" + config.url().user() + "\" may not read the log: run ALTER ROLE \""
                        + config.url().user() + "\" REPLICATION as a superuser.");
            }
        }
    }

    private void checkPublication(Connection connection, String publication) throws SQLException, SourceException {
        String query = "select exists (select from pg_catalog.pg_publication where pubname = ?)";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, publication);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (!row.getBoolean(1)) {
                    throw permanent("There is no publication \"" + publication + "\" in database \""
                            + config.url().database() + "\": run CREATE PUBLICATION " + publication
                            + " FOR TABLE ..., or name another with PUBLICATION.");
                }
            }
        }
    }

    /// A row of `pg_replication_slots`.
    private record Slot(
            @Nullable String plugin,
            @Nullable String database,
            boolean active,
            int activePid,
            @Nullable String walStatus) {}

    /// @return whether the slot was made just now
    private boolean checkSlot(Connection connection) throws SQLException, SourceException {
        Slot slot = slot(connection);
        if (slot == null) {
            createSlot(connection);
            return true;
        }
        String name = "Replication slot \"" + config.slotName() + "\"";
        if (!"pgoutput".equals(slot.plugin()) || !config.url().database().equals(slot.database())) {
            throw permanent(name + " belongs to something else (plugin " + slot.plugin() + ", database "
                    + slot.database() + "): give Walcast a name of its own with SLOT_NAME.");
        }
        if ("lost".equals(slot.walStatus())) {
            throw permanent(
                    name + " is lost: Postgres removed log that it still needed, so changes are missing. To go on"
                            + " without them run SELECT pg_drop_replication_slot('" + config.slotName()
                            + "'); to prevent it raise max_slot_wal_keep_size.");
        }
        if (slot.active()) {
            throw new SourceException(
                    name + " is in use by another process (pid " + slot.activePid()
                            + " in Postgres): stop the other server, or give this one its own slot with SLOT_NAME.",
                    true);
        }
        return false;
    }

    private @Nullable Slot slot(Connection connection) throws SQLException {
        String query = "select plugin, database, active, active_pid, wal_status from pg_catalog.pg_replication_slots"
                + " where slot_name = ?";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, config.slotName());
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Slot(
                                row.getString(1), row.getString(2), row.getBoolean(3), row.getInt(4), row.getString(5))
                        : null;
            }
        }
    }

    /// Where Postgres can carry the slot over to a standby that takes over, it shall.
    private void createSlot(Connection connection) throws SQLException, SourceException {
        boolean failover = connection.getMetaData().getDatabaseMajorVersion() >= 17;
        String query = "select pg_catalog.pg_create_logical_replication_slot(?, 'pgoutput'"
                + (failover ? ", failover => true)" : ")");
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, config.slotName());
            statement.execute();
            log.info("Created replication slot {}", config.slotName());
        } catch (SQLException e) {
            if ("53400".equals(e.getSQLState())) {
                throw permanent(
                        "All replication slots of the database are in use: drop one that is no longer needed, or"
                                + " raise max_replication_slots and restart Postgres.");
            }
            throw e;
        }
    }

    private static SourceException permanent(String message) {
        return new SourceException(message, false);
    }
}
