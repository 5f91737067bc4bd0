package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.source.connection.ReaderSockets;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Properties;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyDual;

/// A connection to a walsender that sends the slot's log and gets the reader's status. One thread at a time,
/// except [#abort()].
final class ReplicationStream implements AutoCloseable {
    /// Microseconds from 1970 to 2000, the epoch of Postgres' timestamps.
    static final long EPOCH_MICROS = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse("2000-01-01T00:00:00Z"));

    private static final int STATUS_BYTES = 1 + 4 * Long.BYTES + 1;

    /// Session settings for the texts of values, because the database or the role may have others; and how long
    /// Postgres may wait for a status.
    private static final String SESSION_SETTINGS = """
            set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
            set extra_float_digits = 1; set wal_sender_timeout = '60s'""";

    /// The reference keeps the driver from closing the connection as leaked.
    private final Connection connection;

    private final CopyDual copy;
    private final LongSupplier nanoTime;
    private final InstantSource clock;

    private ReplicationStream(Connection connection, CopyDual copy, LongSupplier nanoTime, InstantSource clock) {
        this.connection = requireNonNull(connection, "connection is null");
        this.copy = requireNonNull(copy, "copy is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// Connects and begins the replication.
    ///
    /// @param sockets  owns its socket
    /// @param nanoTime a monotonic clock, in nanoseconds
    /// @param clock    the time that statuses carry
    static ReplicationStream open(
            SourceConfig config,
            List<String> publications,
            DatabaseEncoding encoding,
            ReaderSockets sockets,
            LongSupplier nanoTime,
            InstantSource clock)
            throws SQLException {
        PostgresUrl url = config.url();
        Connection connection = DriverManager.getConnection(url.jdbcUrl(), properties(url, sockets));
        try {
            try (Statement statement = connection.createStatement()) {
                statement.execute(SESSION_SETTINGS);
                statement.execute("set client_encoding = '" + encoding.clientEncoding() + "'");
            }
            CopyDual copy = connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyDual(startReplication(config.slotName(), publications));
            return new ReplicationStream(connection, copy, nanoTime, clock);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    private static Properties properties(PostgresUrl url, ReaderSockets sockets) {
        Properties properties = url.properties();
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "14");
        // Without this, the driver ends the connection when Postgres sends bytes unconverted.
        properties.setProperty("allowEncodingChanges", "true");
        properties.setProperty("ApplicationName", "walcast reader");
        sockets.addTo(properties, "", LongReadSocketFactory.class);
        properties.putIfAbsent("connectTimeout", "10");
        properties.putIfAbsent("socketTimeout", "60");
        properties.putIfAbsent("tcpKeepAlive", "true");
        return properties;
    }

    private static String startReplication(String slotName, List<String> publications) {
        return "START_REPLICATION SLOT " + Identifier.quoted(slotName)
                + " LOGICAL 0/0 (\"proto_version\" '1', \"messages\" 'true', \"publication_names\" '"
                + Identifier.list(publications).replace("'", "''") + "')";
    }

    /// Returns the next message as soon as it arrives; null when none arrived for a moment.
    ///
    /// @throws SQLException when the replication has ended
    byte @Nullable [] read() throws SQLException {
        long began = nanoTime.getAsLong();
        byte[] message = copy.readFromCopy(false);
        if (message != null || nanoTime.getAsLong() - began > LongReadSocketFactory.PATIENCE_MILLIS * 500_000L) {
            return message;
        }
        // A read that returned at once without a message means that something else arrived. Only this way of reading
        // reports it.
        message = copy.readFromCopy(true);
        if (message == null) {
            throw new SQLException("Postgres has ended the replication");
        }
        return message;
    }

    /// Sends the reader's status.
    ///
    /// @param received  everything before this position has arrived
    /// @param confirmed nothing before this position needs to be sent again
    /// @param applied   the listener has processed everything before this position; `replay_lag` is computed
    ///                  from it
    /// @param answer    whether Postgres must answer at once
    void sendStatus(Lsn received, Lsn confirmed, Lsn applied, boolean answer) throws SQLException {
        ByteBuffer status = ByteBuffer.allocate(STATUS_BYTES)
                .put((byte) 'r')
                .putLong(received.value())
                .putLong(confirmed.value())
                .putLong(applied.value())
                .putLong(ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant()) - EPOCH_MICROS)
                .put((byte) (answer ? 1 : 0));
        copy.writeToCopy(status.array(), 0, STATUS_BYTES);
        copy.flushCopy();
    }

    /// Ends the replication in good order. Drops what Postgres still sends.
    void end() throws SQLException {
        copy.endCopy();
    }

    /// Aborts the operation of another thread on this stream.
    void abort() throws SQLException {
        connection.abort(Runnable::run);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
