package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.source.CatalogConnection;
import dev.walcast.cdc.source.DatabaseEncoding;
import dev.walcast.cdc.source.Failure;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.SourceConfig;
import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.Closeable;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
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

    public DebeziumChangeSource(SourceConfig config) {
        super(config, (_, _) -> {});
        this.config = config;
    }

    @Override
    protected String read(Reading reading) {
        AtomicReference<String> reason = new AtomicReference<>("the reader stopped");
        try (CatalogConnection catalog = new CatalogConnection(config.url())) {
            Notes notes = Notes.fresh();
            DatabaseEncoding encoding = DatabaseEncoding.of(catalog.get());
            ChangeMapper mapper = new ChangeMapper(new TableCatalog(catalog), notes);
            BatchConsumer consumer = new BatchConsumer(mapper, reading.transactions(), notes);
            DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> created = DebeziumEngine.create(Connect.class)
                    .using(EngineSettings.of(config, reading.publications(), encoding, notes))
                    .using(begun(reading))
                    .using((success, message, error) -> reason.set(Failure.sentence(message, error)))
                    .notifying(consumer)
                    .build();
            engine.set(created);
            if (!isClosing()) {
                run(created, reading);
            }
        } catch (SQLException e) {
            reason.set(Failure.sentence(null, e));
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
        while (!isClosingAfter(LOOK_WHETHER_OVER_EVERY)) {
            if (reading.isOver()) {
                breakReading();
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
        breakReading();
    }

    /// An engine that is still starting cannot be closed yet.
    @Override
    protected void breakReading() {
        Closeable running = engine.get();
        try {
            if (running != null) {
                running.close();
            }
        } catch (IOException | IllegalStateException e) {
            log.debug("The engine cannot be closed yet", e);
        }
    }
}
