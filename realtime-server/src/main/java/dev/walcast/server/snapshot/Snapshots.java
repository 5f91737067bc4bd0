package dev.walcast.server.snapshot;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import dev.walcast.rls.rows.RowsRefusedException;
import dev.walcast.server.delivery.KnownRows;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.limits.ClientTurns;
import dev.walcast.server.limits.SnapshotLimits;
import dev.walcast.server.rowkeys.RowKeys;
import dev.walcast.server.snapshot.SharedReading.Sharer;
import dev.walcast.server.window.ReplayWindow;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Reads the rows that bindings begin with. A bounded number of readings run at a time. Bindings that want the same
/// rows share a reading that has not begun. Safe for any thread.
public final class Snapshots implements AutoCloseable {
    /// How often another moment is tried when the window does not lead on from one.
    private static final int MOMENTS_MAX = 50;

    private static final Duration NEXT_MOMENT_AFTER = Duration.ofMillis(20);

    /// The part of a reading's time for which slow clients may hold it up.
    private static final int PATIENCE_SHARE = 4;

    private final RowReader reader;
    private final ReplayWindow window;
    private final SnapshotLimits limits;
    private final int recordBytesMax;
    private final KnownRows known;
    private final ClientTurns atOnce;
    private final LongAdder readings = new LongAdder();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("snapshot-", 0).factory());

    // guarded by itself
    private final Map<RowQuery, SharedReading> waiting = new HashMap<>();

    public Snapshots(
            RowReader reader, ReplayWindow window, SnapshotLimits limits, int recordBytesMax, KnownRows known) {
        this.reader = requireNonNull(reader, "reader is null");
        this.window = requireNonNull(window, "window is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.recordBytesMax = recordBytesMax;
        this.known = requireNonNull(known, "known is null");
        this.atOnce = new ClientTurns(limits.atOnce());
    }

    /// Rows that were handed over.
    ///
    /// @param moment which transactions they show
    /// @param after  where in the feed those begin that they do not show
    public record Taken(PgSnapshot moment, Position after, long rows) {
        public Taken {
            requireNonNull(moment, "moment is null");
            requireNonNull(after, "after is null");
        }
    }

    /// How many readings have begun.
    public long readings() {
        return readings.sum();
    }

    /// How many readings are under way.
    public int reading() {
        return atOnce.taken();
    }

    /// How many clients wait for a reading that has not begun.
    public int waiting() {
        synchronized (waiting) {
            return waiting.values().stream().mapToInt(SharedReading::sharers).sum();
        }
    }

    /// Takes a part of the rows.
    @FunctionalInterface
    public interface ChunkSink {
        /// @return whether more is wanted
        boolean take(ReadRows chunk);
    }

    /// Hands the rows over, at the receiver's pace.
    ///
    /// @param receiver asked for room only
    /// @param over     looked at now and then
    /// @return nothing when the window does not lead on from any moment, or it is over
    /// @throws RowsRefusedException when they cannot be read, or the receiver is too slow
    /// @throws SQLException         when the database could not be asked; trying again may help
    public Optional<Taken> take(RowQuery query, ChunkSink sink, ChangeReceiver receiver, BooleanSupplier over)
            throws RowsRefusedException, SQLException, InterruptedException {
        try (Sharer sharer = share(query, ClientKey.of(query.viewer(), receiver.address()))) {
            while (true) {
                if (!receiver.hasRoom()) {
                    receiver.awaitRoom();
                }
                ReadRows chunk = sharer.next(over);
                if (chunk == null) {
                    return sharer.result();
                }
                if (!sink.take(chunk)) {
                    return Optional.empty();
                }
            }
        }
    }

    private Sharer share(RowQuery query, ClientKey client) throws InterruptedException {
        synchronized (waiting) {
            SharedReading known = waiting.get(query);
            if (known != null) {
                return known.share();
            }
            SharedReading fresh = new SharedReading(limits.time().dividedBy(PATIENCE_SHARE));
            Sharer sharer = fresh.share();
            try {
                threads.execute(() -> read(query, client, fresh));
            } catch (RejectedExecutionException e) {
                if (!threads.isShutdown()) {
                    throw e;
                }
                throw new InterruptedException("the server stops");
            }
            waiting.put(query, fresh);
            return sharer;
        }
    }

    private void read(RowQuery query, ClientKey client, SharedReading shared) {
        try {
            atOnce.acquire(client);
            try {
                synchronized (waiting) {
                    waiting.remove(query);
                }
                shared.end(shared.isWanted() ? taken(query, shared) : Optional.empty());
            } finally {
                atOnce.release(client);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            shared.fail(e);
        } catch (RowsRefusedException | SQLException | RuntimeException e) {
            shared.fail(e);
        } catch (Error e) {
            shared.fail(new IllegalStateException(e));
            throw e;
        }
    }

    private Optional<Taken> taken(RowQuery query, SharedReading shared)
            throws RowsRefusedException, SQLException, InterruptedException {
        readings.increment();
        long deadline = System.nanoTime() + limits.time().toNanos();
        for (int i = 0; i < MOMENTS_MAX; i++) {
            Taken taken = tried(query, shared, deadline);
            if (taken != null) {
                // A client that has the rows waits until the feed has passed their moment.
                if (!window.hasReached(taken.moment().lsn())) {
                    reader.moveOn();
                }
                return Optional.of(taken);
            }
            Thread.sleep(NEXT_MOMENT_AFTER);
        }
        return Optional.empty();
    }

    private @Nullable Taken tried(RowQuery query, SharedReading shared, long deadline)
            throws RowsRefusedException, SQLException, InterruptedException {
        RowKeys keys = known.reading(query.access().table());
        try (RowReader.Reading reading = reader.open(query)) {
            Optional<Position> after = window.after(reading.snapshot());
            return after.isEmpty()
                    ? null
                    : new Taken(reading.snapshot(), after.get(), handed(reading, shared, deadline, keys));
        }
    }

    /// @return how many rows
    private long handed(RowReader.Reading reading, SharedReading shared, long deadline, @Nullable RowKeys keys)
            throws RowsRefusedException, SQLException, InterruptedException {
        SnapshotEncoder encoder =
                new SnapshotEncoder(reading.table(), reading.generated(), limits.chunkBytes(), recordBytesMax, keys);
        List<ReadRows> full = new ArrayList<>(1);
        long rows = 0;
        for (Row row = reading.next(); row != null; row = reading.next()) {
            if (++rows > limits.rows()) {
                throw new RowsRefusedException("There are more than " + limits.rows()
                        + " rows (SNAPSHOT_ROWS): narrow the filter, or set `limit`.");
            }
            encoder.add(row, full::add);
            for (ReadRows chunk : full) {
                if (!shared.add(chunk)) {
                    return rows;
                }
                if (System.nanoTime() - deadline > 0) {
                    throw new RowsRefusedException("Reading its rows took longer than "
                            + limits.time().toMillis() + " ms (SNAPSHOT_TIMEOUT).");
                }
            }
            full.clear();
        }
        boolean _ = shared.add(encoder.last());
        return rows;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
