package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import java.lang.reflect.Field;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Debezium's connection to a walsender, which also reports to Postgres what the listener has processed.
/// Debezium reports only what is acknowledged, which waits for the replay window: then `replay_lag` in
/// `pg_stat_replication` would be the window's length.
final class TrackedReplication implements ReplicationConnection {
    private static final Logger log = LoggerFactory.getLogger(TrackedReplication.class);

    private final ReplicationConnection connection;
    private volatile @Nullable PGReplicationStream stream;

    TrackedReplication(ReplicationConnection connection) {
        this.connection = requireNonNull(connection, "connection is null");
    }

    /// Reports a position with the next status, which Debezium sends every second.
    void applied(dev.walcast.cdc.Lsn lsn) {
        PGReplicationStream open = stream;
        if (open != null) {
            open.setAppliedLSN(LogSequenceNumber.valueOf(lsn.value()));
        }
    }

    @Override
    public ReplicationStream startStreaming(WalPositionLocator position) throws SQLException, InterruptedException {
        return tracked(connection.startStreaming(position));
    }

    @Override
    public ReplicationStream startStreaming(Lsn offset, WalPositionLocator position)
            throws SQLException, InterruptedException {
        return tracked(connection.startStreaming(offset, position));
    }

    /// Wraps the driver's stream, which Debezium keeps in a private field.
    private ReplicationStream tracked(ReplicationStream started) {
        stream = null;
        for (Field field : started.getClass().getDeclaredFields()) {
            if (PGReplicationStream.class.isAssignableFrom(field.getType()) && field.trySetAccessible()) {
                try {
                    stream = (PGReplicationStream) field.get(started);
                } catch (IllegalAccessException e) {
                    log.debug("Cannot read Debezium's stream", e);
                }
            }
        }
        return started;
    }

    @Override
    public Optional<SlotCreationResult> createReplicationSlot() throws SQLException {
        return connection.createReplicationSlot();
    }

    @Override
    public void initConnection() throws SQLException, InterruptedException {
        connection.initConnection();
    }

    @Override
    public boolean isConnected() throws SQLException {
        return connection.isConnected();
    }

    @Override
    public void reconnect() throws SQLException {
        connection.reconnect();
    }

    @Override
    public void close() throws Exception {
        connection.close();
    }
}
