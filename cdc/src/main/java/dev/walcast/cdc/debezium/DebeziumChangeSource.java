package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.source.ReaderFailure;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.supervisor.FatalErrors;
import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.Closeable;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the slot with Debezium's embedded engine, a new one for each connection.
public final class DebeziumChangeSource extends SlotSource {
    private static final Logger log = LoggerFactory.getLogger(DebeziumChangeSource.class);

    private static final Duration LOOK_WHETHER_OVER_EVERY = Duration.ofMillis(200);

    private final SourceConfig config;
    private final AtomicReference<@Nullable Closeable> engine = new AtomicReference<>();
    private final AtomicBoolean closing = new AtomicBoolean();

    /// Makes a source. Does not connect.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public DebeziumChangeSource(SourceConfig config, LongSupplier nanoTime) {
        super(config, nanoTime);
        this.config = config;
    }

    @Override
    protected String read(Reading reading) {
        AtomicReference<String> reason = new AtomicReference<>("the reader stopped");
        try (CatalogConnection catalog = new CatalogConnection(config.url(), reading.sockets())) {
            DecoderNotes notes = DecoderNotes.fresh();
            DatabaseEncoding encoding = DatabaseEncoding.of(catalog.get());
            ChangeMapper mapper = new ChangeMapper(new TableCatalog(catalog, config.slotName()), notes);
            BatchConsumer consumer = new BatchConsumer(mapper, reading.transactions(), notes);
            DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> created = DebeziumEngine.create(Connect.class)
                    .using(EngineSettings.of(config, reading.publications(), encoding, notes, reading.sockets()))
                    .using(begun(reading))
                    .using((success, message, error) -> {
                        reading.endedBy(error);
                        reason.set(ReaderFailure.describe(message, error));
                    })
                    .notifying(consumer)
                    .build();
            engine.set(created);
            if (!isClosing()) {
                run(created, reading);
            }
        } catch (SQLException e) {
            reason.set(ReaderFailure.describe(null, e));
        } finally {
            engine.set(null);
        }
        return requireNonNull(reason.get());
    }

    private void run(Runnable created, Reading reading) {
        Thread watch = Thread.ofVirtual().name("watch-publications").start(() -> endWhenOver(reading));
        try {
            created.run();
        } finally {
            watch.interrupt();
        }
    }

    private void endWhenOver(Reading reading) {
        while (!awaitClosing(LOOK_WHETHER_OVER_EVERY)) {
            if (reading.isOver()) {
                closeEngine();
            }
        }
    }

    private static DebeziumEngine.ConnectorCallback begun(Reading reading) {
        return new DebeziumEngine.ConnectorCallback() {
            @Override
            public void pollingStarted() {
                reading.begun();
            }
        };
    }

    @Override
    protected void stopReading() {
        closeEngine();
    }

    /// The engine usually fails by itself as soon as its sockets are closed.
    @Override
    protected void breakReading() {
        closeEngine();
    }

    /// Closes the engine on a thread of its own, because this takes up to a minute when one of its threads
    /// hangs.
    private void closeEngine() {
        Closeable running = engine.get();
        if (running != null && closing.compareAndSet(false, true)) {
            try {
                Thread.ofVirtual().name("close-engine").start(() -> close(running));
            } catch (RuntimeException | Error e) {
                closing.set(false);
                FatalErrors.check(e);
                log.error("There is no free thread to close the engine; the next attempt follows", e);
            }
        }
    }

    /// Closes the engine. An engine that is still starting cannot be closed yet.
    private void close(Closeable running) {
        try {
            running.close();
        } catch (IOException | RuntimeException e) {
            log.debug("Cannot close the engine yet", e);
        } finally {
            closing.set(false);
        }
    }
}
