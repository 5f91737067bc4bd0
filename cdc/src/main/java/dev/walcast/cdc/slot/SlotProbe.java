package dev.walcast.cdc.slot;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.supervisor.DeclaredWaits;
import dev.walcast.cdc.supervisor.TaskActivity;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// Asks Postgres about one slot, over a connection of its own that it opens again after an error. Used by the
/// guardian's thread only.
final class SlotProbe implements AutoCloseable {
    private static final String TIMEOUT_SECONDS = "10";

    private static final String STATUS = """
            select slot.active_pid,
                   walsender.wait_event is distinct from 'WalSenderWaitForWal'
                     and walsender.wait_event is distinct from 'WalSenderMain'
                     and walsender.wait_event is distinct from 'WalSenderWriteData',
                   slot.wal_status, slot.confirmed_flush_lsn::text,
                   pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), slot.confirmed_flush_lsn)::int8,
                   slot.safe_wal_size
              from pg_catalog.pg_replication_slots slot
              left join pg_catalog.pg_stat_activity walsender on walsender.pid = slot.active_pid
             where slot.slot_name = ?""";

    private final PostgresUrl url;
    private final String slotName;
    private @Nullable Connection connection;

    SlotProbe(PostgresUrl url, String slotName) {
        this.url = requireNonNull(url, "url is null");
        this.slotName = requireNonNull(slotName, "slotName is null");
    }

    /// Commits a message that only readers of the log see.
    ///
    /// @return the message's position; the transaction ends after it
    Lsn beat() throws SQLException {
        try (Statement statement = connection().createStatement();
                ResultSet row = statement.executeQuery(
                        "select pg_catalog.pg_logical_emit_message(true, 'walcast', 'heartbeat')::text")) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    /// Returns the slot's status; empty when there is no such slot.
    Optional<SlotStatus> status() throws SQLException {
        try (PreparedStatement statement = connection().prepareStatement(STATUS)) {
            statement.setString(1, slotName);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(status(row)) : Optional.empty();
            }
        }
    }

    private static SlotStatus status(ResultSet row) throws SQLException {
        String confirmed = row.getString(4);
        return new SlotStatus(
                (Integer) row.getObject(1),
                row.getBoolean(2),
                row.getString(3),
                confirmed == null ? Lsn.ZERO : Lsn.parse(confirmed),
                row.getLong(5),
                (Long) row.getObject(6));
    }

    /// Ends a walsender whose reader is gone, so that the next reader can use the slot. Ends only this process,
    /// and only while it reads this slot.
    void end(int pid) throws SQLException {
        String query = "select pg_catalog.pg_terminate_backend(active_pid) from pg_catalog.pg_replication_slots"
                + " where slot_name = ? and active_pid = ?";
        try (PreparedStatement statement = connection().prepareStatement(query)) {
            statement.setString(1, slotName);
            statement.setInt(2, pid);
            statement.execute();
        }
    }

    private Connection connection() throws SQLException {
        Connection open = connection;
        if (open == null || open.isClosed()) {
            Properties properties = url.ownProperties();
            properties.setProperty("ApplicationName", "walcast slot guardian");
            properties.putIfAbsent("connectTimeout", TIMEOUT_SECONDS);
            properties.setProperty("socketTimeout", TIMEOUT_SECONDS);
            open = connect(properties);
            connection = open;
            try (Statement statement = open.createStatement()) {
                // A lost heartbeat does no harm, so no commit needs to wait for its flush.
                statement.execute("set synchronous_commit = off");
            }
        }
        return open;
    }

    /// Bounds: `connectTimeout` (10 s unless the URL has another), `socketTimeout` (10 s) for each statement.
    private Connection connect(Properties properties) throws SQLException {
        try (TaskActivity.Span _ = TaskActivity.currentWaits()) {
            return DeclaredWaits.of(DriverManager.getConnection(url.jdbcUrl(), properties));
        }
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException _) {
                // It was broken already.
            }
        }
    }
}
