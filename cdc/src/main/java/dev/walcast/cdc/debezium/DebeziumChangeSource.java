package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.SourceState;
import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the slot with Debezium's embedded engine and starts the engine again whenever it fails.
///
/// States: idle, starting, streaming, reconnecting (for as long as it takes), stopped. Only the supervising thread
/// changes them after [#start(ChangeListener)] returned.
public final class DebeziumChangeSource implements ChangeSource {
    private static final Logger log = LoggerFactory.getLogger(DebeziumChangeSource.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private final SourceConfig config;
    private final MarkConnection mark;
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final Progress progress = new Progress();
    private final Publications publications;
    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicReference<@Nullable Closeable> engine = new AtomicReference<>();

    private volatile @Nullable FeedStart feed;
    private volatile SourceState state = new SourceState.Idle();
    private volatile @Nullable Thread supervisor;

    public DebeziumChangeSource(SourceConfig config) {
        this.config = requireNonNull(config, "config is null");
        this.publications = new Publications(config, acknowledgements);
        this.mark = new MarkConnection(config);
    }

    @Override
    public void start(ChangeListener listener) throws SourceException {
        become(new SourceState.Starting(), listener);
        try {
            preflightWaitingForSlot();
        } catch (SourceException e) {
            become(new SourceState.Failed(String.valueOf(e.getMessage())), listener);
            throw e;
        }
        listener.onStart(requireNonNull(feed));
        become(new SourceState.Streaming(), listener);
        Thread thread = Thread.ofPlatform().name("walcast-source").unstarted(() -> supervise(listener));
        supervisor = thread;
        thread.start();
    }

    /// The walsender of a server that was just killed may hold the slot for a moment.
    private void preflightWaitingForSlot() throws SourceException {
        long deadline = System.nanoTime() + config.slotWait().toNanos();
        boolean said = false;
        while (true) {
            try {
                feed = new Preflight(config, publications).run(null);
                return;
            } catch (SourceException e) {
                boolean slotInUse = String.valueOf(e.getMessage()).contains("is in use by another process");
                if (!slotInUse || System.nanoTime() > deadline) {
                    throw e;
                }
                if (!said) {
                    log.info(
                            "{} Waiting up to {} s for it.",
                            e.getMessage(),
                            config.slotWait().toSeconds());
                    said = true;
                }
                if (isClosingAfter(Duration.ofMillis(500))) {
                    throw e;
                }
            }
        }
    }

    private void supervise(ChangeListener listener) {
        boolean checked = true;
        while (!isClosingAfter(Duration.ZERO)) {
            Lsn before = acknowledgements.received();
            String reason = checked ? runEngine(listener) : preflightProblem(listener);
            if (reason == null) {
                checked = true;
                continue;
            }
            publications.engineEnded(reason);
            if (acknowledgements.received().isAfter(before)) {
                backoff.reset();
            }
            if (isClosingAfter(Duration.ZERO)) {
                break;
            }
            Duration wait = backoff.next();
            log.warn("The feed is interrupted and tried again in {} ms: {}", wait.toMillis(), reason);
            become(new SourceState.Reconnecting(reason), listener);
            isClosingAfter(wait);
            checked = false;
        }
        become(new SourceState.Stopped(), listener);
    }

    private @Nullable String preflightProblem(ChangeListener listener) {
        try {
            FeedStart known = requireNonNull(feed);
            Lsn received = acknowledgements.received();
            FeedStart fresh = new Preflight(config, publications)
                    .run(new FeedMark.Running(known.epoch(), received.isAfter(known.from()) ? received : known.from()));
            if (!fresh.epoch().equals(known.epoch())) {
                log.warn("The feed's continuity is broken: changes may be missing. Every subscriber is told.");
                acknowledgements.beginAnew();
                feed = fresh;
                listener.onStart(fresh);
            }
            return null;
        } catch (SourceException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /// Runs one engine until it ends.
    ///
    /// @return why it ended
    private String runEngine(ChangeListener listener) {
        AtomicReference<String> reason = new AtomicReference<>("the reader stopped");
        try (CatalogConnection catalog = new CatalogConnection(config.url());
                TransactionBuffer buffer = new TransactionBuffer(config.transactionMemoryBytes())) {
            BatchConsumer consumer = new BatchConsumer(
                    new ChangeMapper(new TableCatalog(catalog)), buffer, listener, acknowledgements, progress);
            DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> created = DebeziumEngine.create(Connect.class)
                    .using(EngineSettings.of(config, publications.inUse()))
                    .using(streamingAgain(listener))
                    .using((success, message, error) -> reason.set(EngineFailure.sentence(message, error)))
                    .notifying(consumer)
                    .build();
            engine.set(created);
            if (!isClosingAfter(Duration.ZERO)) {
                run(created);
            }
        } catch (RuntimeException e) {
            log.error("The reader failed unexpectedly", e);
            reason.set(String.valueOf(e.getMessage()));
        } finally {
            engine.set(null);
        }
        return requireNonNull(reason.get());
    }

    private void run(Runnable created) {
        Thread watch = Thread.ofVirtual().name("watch-publications").unstarted(this::endWhenNoLongerNeeded);
        if (publications.isWaiting()) {
            watch.start();
        }
        try {
            created.run();
        } finally {
            watch.interrupt();
        }
    }

    /// For an engine without a publication that was too young: the next one reads it.
    private void endWhenNoLongerNeeded() {
        while (!isClosingAfter(Duration.ofMillis(200))) {
            if (publications.wantsAnotherEngine()) {
                closeEngine();
            }
        }
    }

    private DebeziumEngine.ConnectorCallback streamingAgain(ChangeListener listener) {
        return new DebeziumEngine.ConnectorCallback() {
            @Override
            public void pollingStarted() {
                if (!(state instanceof SourceState.Streaming)) {
                    log.info("The feed goes on");
                    become(new SourceState.Streaming(), listener);
                }
            }
        };
    }

    private void become(SourceState next, ChangeListener listener) {
        state = next;
        listener.onState(next);
    }

    /// Waits, but no longer than until [#close()] is called.
    private boolean isClosingAfter(Duration wait) {
        try {
            return closing.await(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    @Override
    public SourceState state() {
        return state;
    }

    /// The publications that are being read.
    public List<String> publications() {
        return publications.inUse();
    }

    @Override
    public Activity activity() {
        return new Activity(acknowledgements.received(), progress.records(), progress.isDelivering());
    }

    @Override
    public void restart(String reason) {
        if (state instanceof SourceState.Streaming) {
            log.info("The reader is ended: {}", reason);
            closeEngine();
        }
    }

    @Override
    public Lsn remember(Lsn delivered) throws SourceException {
        return mark.remember(requireNonNull(feed, "not started").epoch(), delivered);
    }

    /// An engine that is still starting cannot be closed yet, so it is asked again until its thread has ended.
    @Override
    public void close() {
        closing.countDown();
        mark.close();
        Thread thread = supervisor;
        if (thread == null) {
            return;
        }
        long deadline = System.nanoTime() + STOP_TIMEOUT.toNanos();
        try {
            do {
                closeEngine();
            } while (!thread.join(Duration.ofMillis(100)) && System.nanoTime() < deadline);
            if (thread.isAlive()) {
                log.warn("The reader did not stop within {} s", STOP_TIMEOUT.toSeconds());
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeEngine() {
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
