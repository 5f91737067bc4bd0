package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The replication slot that is read: made when it is missing, and made anew when Postgres has invalidated it.
final class LogicalSlot {
    private static final Logger log = LoggerFactory.getLogger(LogicalSlot.class);

    private static final String STATE = """
            select plugin, database, active, active_pid, wal_status, confirmed_flush_lsn::text,
                   pg_catalog.to_jsonb(slot) ->> 'invalidation_reason'
              from pg_catalog.pg_replication_slots slot where slot_name = ?""";

    /// Checks again what was read before: a slot that is in use or healthy is never dropped.
    private static final String DROP_LOST = """
            select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots
             where slot_name = ? and wal_status = 'lost' and not active
               and plugin = 'pgoutput' and database = pg_catalog.current_database()""";

    private final SourceConfig config;

    LogicalSlot(SourceConfig config) {
        this.config = requireNonNull(config, "config is null");
    }

    /// A row of `pg_replication_slots`.
    private record State(
            @Nullable String plugin,
            @Nullable String database,
            boolean active,
            int activePid,
            @Nullable String walStatus,
            @Nullable String confirmed,
            @Nullable String invalidation) {
        static State of(ResultSet row) throws SQLException {
            return new State(
                    row.getString(1),
                    row.getString(2),
                    row.getBoolean(3),
                    row.getInt(4),
                    row.getString(5),
                    row.getString(6),
                    row.getString(7));
        }
    }

    /// @return whether the slot was made just now, so that nothing leads from what was read before to what it brings
    boolean ensure(Connection connection) throws SQLException, SourceException {
        State state = state(connection);
        if (state == null) {
            create(connection);
            return true;
        }
        String name = "Replication slot \"" + config.slotName() + "\"";
        if (!"pgoutput".equals(state.plugin()) || !config.url().database().equals(state.database())) {
            throw permanent(name + " belongs to something else (plugin " + state.plugin() + ", database "
                    + state.database() + "): give Walcast a name of its own with SLOT_NAME.");
        }
        if (state.active()) {
            throw new SourceException(
                    name + " is in use by another process (pid " + state.activePid()
                            + " in Postgres): stop the other server, or give this one its own slot with SLOT_NAME.",
                    true);
        }
        if ("lost".equals(state.walStatus())) {
            makeAnew(connection, state);
            return true;
        }
        return false;
    }

    /// Leads the slot past everything that was committed before a place. Nothing of it can be read afterwards.
    ///
    /// @param to zero for all that was committed before the call
    void passOver(Connection connection, Lsn to) throws SQLException {
        String query = """
                select slot.end_lsn::text from pg_catalog.pg_replication_slot_advance(?,
                  case when ?::pg_lsn <> '0/0' then ?::pg_lsn
                       when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
                       else pg_catalog.pg_current_wal_flush_lsn() end) as slot (slot_name, end_lsn)""";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, config.slotName());
            statement.setString(2, to.toString());
            statement.setString(3, to.toString());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                log.warn(
                        "Replication slot {} was led to {}, past a part of the log",
                        config.slotName(),
                        row.getString(1));
            }
        }
    }

    private @Nullable State state(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(STATE)) {
            statement.setString(1, config.slotName());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? State.of(row) : null;
            }
        }
    }

    private void makeAnew(Connection connection, State lost) throws SQLException, SourceException {
        log.error(
                "Replication slot {} is lost ({}). Changes committed after {} that were not delivered yet are missing."
                        + " The slot is made anew, and every subscriber is told to read its rows anew. To prevent it: {}.",
                config.slotName(),
                lost.invalidation() == null ? "log that it still needed was removed" : lost.invalidation(),
                lost.confirmed(),
                remedy(String.valueOf(lost.invalidation())));
        try (PreparedStatement statement = connection.prepareStatement(DROP_LOST)) {
            statement.setString(1, config.slotName());
            try (ResultSet dropped = statement.executeQuery()) {
                if (!dropped.next()) {
                    throw new SourceException(
                            "Replication slot \"" + config.slotName() + "\" changed while it was to be made anew.",
                            true);
                }
            }
        }
        create(connection);
    }

    /// @param invalidation as in `pg_replication_slots`; Postgres before 17 does not say
    private static String remedy(String invalidation) {
        return switch (invalidation) {
            case "idle_timeout" -> "raise idle_replication_slot_timeout above the longest time without a server";
            case "wal_level_insufficient" -> "keep wal_level = 'logical' on the primary";
            case "rows_removed" -> "set hot_standby_feedback = on";
            default ->
                "raise max_slot_wal_keep_size, look for what holds the reader up, and keep times without a server"
                        + " short";
        };
    }

    /// Where Postgres can carry the slot over to a standby that takes over, it shall.
    private void create(Connection connection) throws SQLException, SourceException {
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
