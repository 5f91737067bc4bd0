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

/// Creates the replication slot when it is missing, and creates it again when Postgres has invalidated it.
final class LogicalSlot {
    private static final Logger log = LoggerFactory.getLogger(LogicalSlot.class);

    private static final String STATE = """
            select plugin, database, active, active_pid, wal_status, confirmed_flush_lsn::text,
                   pg_catalog.to_jsonb(slot) ->> 'invalidation_reason'
              from pg_catalog.pg_replication_slots slot where slot_name = ?""";

    /// Drops the slot only if its state is still the one that was read before: a slot that is in use or healthy
    /// is never dropped.
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

    /// Makes sure that the slot exists and can be read.
    ///
    /// @return whether the slot is new, so that what it delivers does not continue what was read before
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
            throw new SlotInUseException(name + " is in use by another process (pid " + state.activePid()
                    + " in Postgres): stop the other server, or give this one its own slot with SLOT_NAME.");
        }
        if ("lost".equals(state.walStatus())) {
            recreate(connection, state);
            return true;
        }
        return false;
    }

    /// Advances the slot past everything that was committed before a position. It cannot be read afterwards.
    ///
    /// @param to the position; zero for everything that was committed before the call
    void advancePast(Connection connection, Lsn to) throws SQLException {
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
                        "Replication slot {} was advanced to {}, past a part of the log",
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

    private void recreate(Connection connection, State lost) throws SQLException, SourceException {
        log.error(
                "Replication slot {} is lost ({}). Changes committed after {} that were not delivered yet are missing."
                        + " The slot is created again, and every subscriber must read its rows again. To prevent this: {}.",
                config.slotName(),
                lost.invalidation() == null ? "log that it still needed was removed" : lost.invalidation(),
                lost.confirmed(),
                remedy(String.valueOf(lost.invalidation())));
        try (PreparedStatement statement = connection.prepareStatement(DROP_LOST)) {
            statement.setString(1, config.slotName());
            try (ResultSet dropped = statement.executeQuery()) {
                if (!dropped.next()) {
                    throw new SourceException(
                            "Replication slot \"" + config.slotName() + "\" changed before it could be created again.",
                            true);
                }
            }
        }
        create(connection);
    }

    /// @param invalidation from `pg_replication_slots`; Postgres before 17 has no such column
    private static String remedy(String invalidation) {
        return switch (invalidation) {
            case "idle_timeout" -> "raise idle_replication_slot_timeout above the longest time without a server";
            case "wal_level_insufficient" -> "keep wal_level = 'logical' on the primary";
            case "rows_removed" -> "set hot_standby_feedback = on";
            default ->
                "raise max_slot_wal_keep_size, find out what delays the reader, and keep times without a server"
                        + " short";
        };
    }

    /// Creates the slot so that a standby that takes over has it, where Postgres supports that.
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
