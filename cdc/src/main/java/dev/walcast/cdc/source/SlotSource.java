package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.SourceState;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A source that reads a replication slot on a thread of its own, and reads it again whenever that fails.
///
/// States: idle, starting, streaming, reconnecting (for as long as it takes), stopped. After
/// [#start(ChangeListener)] returned only the source's thread and the reader's change them, one at a time.
public abstract class SlotSource implements ChangeSource {
    private static final Logger log = LoggerFactory.getLogger(SlotSource.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private final SourceConfig config;
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final Publications publications;
    private final Preflight preflight;
    private final MarkConnection mark;
    private final Progress progress = new Progress();
    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());
    private final CountDownLatch closing = new CountDownLatch(1);

    private volatile @Nullable FeedStart feed;
    private volatile SourceState state = new SourceState.Idle();
    private volatile @Nullable Thread supervisor;

    /// @param check what this reader wants to be so beyond what every reader needs
    protected SlotSource(SourceConfig config, Preflight.Check check) {
        this.config = requireNonNull(config, "config is null");
        this.publications = new Publications(config, acknowledgements);
        this.preflight = new Preflight(config, publications, check);
        this.mark = new MarkConnection(config);
    }

    /// What a reader is given for one connection.
    protected final class Reading {
        private final ChangeListener listener;
        private final TransactionReceiver transactions;

        private Reading(ChangeListener listener, TransactionReceiver transactions) {
            this.listener = listener;
            this.transactions = transactions;
        }

        public TransactionReceiver transactions() {
            return transactions;
        }

        public List<String> publications() {
            return publications.inUse();
        }

        /// Whether [#read(Reading)] shall end in good order: the source closes, or a publication that was left out can
        /// be read over the next connection.
        public boolean isOver() {
            return isClosing() || publications.wantAnotherReading();
        }

        /// To be called when Postgres has begun to send.
        public void begun() {
            if (!(state instanceof SourceState.Streaming)) {
                log.info("The feed goes on");
                become(new SourceState.Streaming(), listener);
            }
        }
    }

    /// Reads over one connection until it fails or is over.
    ///
    /// @return why it ended
    protected abstract String read(Reading reading);

    /// Makes [#read(Reading)] return in good order, since the source closes; called again and again until it has.
    protected abstract void stopReading();

    /// Makes [#read(Reading)] fail soon, whatever it is waiting for.
    protected abstract void breakReading();

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
                feed = preflight.run(null);
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
        while (!isClosing()) {
            Lsn before = acknowledgements.received();
            String reason = checked ? readOnce(listener) : preflightProblem(listener);
            if (reason == null) {
                checked = true;
                continue;
            }
            publications.readingEnded(reason);
            if (acknowledgements.received().isAfter(before)) {
                backoff.reset();
            }
            if (isClosing()) {
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
            goOn(listener);
            return null;
        } catch (SourceException e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            log.error("The feed could not be checked", e);
            return String.valueOf(e);
        }
    }

    private void goOn(ChangeListener listener) throws SourceException {
        FeedStart known = requireNonNull(feed);
        FeedStart fresh = preflight.run(new FeedMark.Running(known.epoch(), since(known)));
        if (!fresh.epoch().equals(known.epoch())) {
            log.warn("The feed's continuity is broken: changes may be missing. Every subscriber is told.");
            acknowledgements.beginAnew();
            feed = fresh;
            listener.onStart(fresh);
        }
    }

    private Lsn since(FeedStart known) {
        Lsn received = acknowledgements.received();
        return received.isAfter(known.from()) ? received : known.from();
    }

    /// The slot may have been dropped, and made anew by Debezium, after it was checked; now that it is read it can no
    /// longer be.
    private void checkContinuity() throws SQLException {
        if (preflight.confirmed().isAfter(since(requireNonNull(feed)))) {
            throw new SQLException("the replication slot was made anew before it was read");
        }
    }

    private String readOnce(ChangeListener listener) {
        try (TransactionBuffer buffer = new TransactionBuffer(config.transactionMemoryBytes())) {
            return read(new Reading(
                    listener,
                    new TransactionReceiver(buffer, listener, acknowledgements, progress, this::checkContinuity)));
        } catch (RuntimeException | Error e) {
            // Errors as well: the thread is the only one that starts the reader again.
            log.error("The reader failed unexpectedly", e);
            return String.valueOf(e);
        }
    }

    private void become(SourceState next, ChangeListener listener) {
        state = next;
        listener.onState(next);
    }

    protected final boolean isClosing() {
        return closing.getCount() == 0;
    }

    /// Waits, but no longer than until [#close()] is called.
    protected final boolean isClosingAfter(Duration wait) {
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

    @Override
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
            breakReading();
        }
    }

    @Override
    public Log remember(Lsn delivered) throws SourceException {
        return mark.remember(requireNonNull(feed, "not started").epoch(), delivered);
    }

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
                stopReading();
            } while (!thread.join(Duration.ofMillis(100)) && System.nanoTime() < deadline);
            if (thread.isAlive()) {
                log.warn("The reader did not stop within {} s", STOP_TIMEOUT.toSeconds());
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
