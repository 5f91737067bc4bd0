package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.source.ReaderFailure;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.types.PartitionRoots;
import dev.walcast.cdc.types.TableDefinitions;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the slot over Postgres' replication protocol, on one thread from the socket to the listener. While the
/// listener does not return, nothing is read, and Postgres waits.
public final class PgoutputChangeSource extends SlotSource {
    private static final Logger log = LoggerFactory.getLogger(PgoutputChangeSource.class);

    private final SourceConfig config;
    private final LongSupplier nanoTime;
    private final InstantSource clock;
    private final AtomicReference<@Nullable ReplicationStream> stream = new AtomicReference<>();

    /// Makes a source. Does not connect.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    /// @param clock    the time that Postgres is told with each status
    public PgoutputChangeSource(SourceConfig config, LongSupplier nanoTime, InstantSource clock) {
        super(config, nanoTime);
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.clock = requireNonNull(clock, "clock is null");
        this.config = requireNonNull(config, "config is null");
    }

    @Override
    protected String read(Reading reading) {
        try (CatalogConnection catalog = new CatalogConnection(config.url(), reading.sockets())) {
            return read(reading, catalog, DatabaseEncoding.of(catalog.get()));
        } catch (SQLException e) {
            reading.endedBy(e);
            return ReaderFailure.describe(null, e);
        }
    }

    private String read(Reading reading, CatalogConnection catalog, DatabaseEncoding encoding) {
        try (ReplicationStream opened =
                ReplicationStream.open(config, reading.publications(), encoding, reading.sockets(), nanoTime, clock)) {
            stream.set(opened);
            reading.begun();
            Relations relations = new Relations(
                    new TableDefinitions(catalog, config.slotName()),
                    new PartitionRoots(catalog),
                    new DroppedTables(catalog, DroppedTables.LOOK_FROM));
            new ReplicationSession(opened, reading.transactions(), relations, encoding, nanoTime).read(reading::isOver);
            return isClosing() ? "the source was closed" : "another publication can be read now";
        } catch (SQLException e) {
            reading.endedBy(e);
            return ReaderFailure.describe(null, e);
        } finally {
            stream.set(null);
        }
    }

    /// Does nothing: the reader itself checks whether the source closes.
    @Override
    protected void stopReading() {}

    /// Aborts the stream, for a socket of the user's own factory.
    @Override
    protected void breakReading() {
        ReplicationStream running = stream.get();
        try {
            if (running != null) {
                running.abort();
            }
        } catch (SQLException e) {
            log.debug("Cannot abort the connection", e);
        }
    }
}
