package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.source.connection.ReaderSockets;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.source.preflight.FeedMark;
import dev.walcast.cdc.source.preflight.MarkConnection;
import dev.walcast.cdc.source.preflight.Preflight;
import dev.walcast.cdc.source.preflight.Publications;
import dev.walcast.cdc.source.preflight.SlotInUseException;
import dev.walcast.cdc.supervisor.EndAction;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Supervised;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a replication slot on a thread of its own, and reads it again after each failure.
///
/// States: idle, starting, streaming, reconnecting (for as long as necessary), stopped. After
/// [#start(ChangeListener)] has returned, only the source's thread and the reader's thread change the state,
/// one at a time.
public abstract class SlotSource implements ChangeSource {
    private static final Logger log = LoggerFactory.getLogger(SlotSource.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    /// How long a reading may take to end in good order. After that its sockets are closed.
    private static final Duration GOOD_ORDER = Duration.ofSeconds(8);

    /// The same for a reading that has received nothing yet, and so has nothing to complete.
    private static final Duration GOOD_ORDER_OPENING = Duration.ofSeconds(1);

    private static final Duration STOP_TIMEOUT_OPENING = Duration.ofMillis(1_500);
    /// The pause before a dropped publication is looked up again.
    private static final Duration LOOK_FOR_PUBLICATION_AFTER = Duration.ofSeconds(1);

    private final SourceConfig config;
    private final SlotAcknowledgements acknowledgements = new SlotAcknowledgements();
    private final Publications publications;
    private final Preflight preflight;
    private final MarkConnection mark;
    private final LongSupplier nanoTime;
    private final ReaderProgress progress = new ReaderProgress();
    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());
    private final CountDownLatch closing = new CountDownLatch(1);

    private volatile @Nullable FeedStart feed;
    private volatile SourceState state = new SourceState.Idle();
    /// Whether the database was checked since a reading failed. Used by the reading thread only.
    private boolean checked = true;

    private volatile @Nullable Supervisor own;
    private volatile @Nullable Supervised supervised;
    private volatile @Nullable Thread thread;
    private volatile @Nullable ReaderSockets reading;

    /// @param nanoTime a monotonic clock, in nanoseconds
    protected SlotSource(SourceConfig config, LongSupplier nanoTime) {
        this.config = requireNonNull(config, "config is null");
        this.publications = new Publications(config, acknowledgements::received);
        this.preflight = new Preflight(config, publications);
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.mark = new MarkConnection(config, nanoTime);
    }

    /// What a reader needs for one reading.
    protected final class Reading {
        private final ChangeListener listener;
        private final TransactionReceiver transactions;
        private final ReaderSockets sockets;

        private Reading(ChangeListener listener, TransactionReceiver transactions, ReaderSockets sockets) {
            this.listener = listener;
            this.transactions = transactions;
            this.sockets = sockets;
        }

        public TransactionReceiver transactions() {
            return transactions;
        }

        /// Returns the sockets of this reading. Every connection of the reading must be opened through them.
        public ReaderSockets sockets() {
            return sockets;
        }

        public List<String> publications() {
            return publications.inUse();
        }

        /// Whether [#read(Reading)] must end in good order: the source closes, or a publication that was left
        /// out can be read over the next connection.
        public boolean isOver() {
            return isClosing() || publications.wantsAnotherReading();
        }

        /// Must be called with the error that ended the reading, if there was one. Safe for any thread.
        public void endedBy(@Nullable Throwable error) {
            if (ReaderFailure.isUndefinedObject(error)) {
                publications.lookUpFailed();
            }
        }

        /// Must be called when Postgres has begun to send.
        public void begun() {
            if (!(state instanceof SourceState.Streaming)) {
                log.info("The feed continues");
                become(new SourceState.Streaming(), listener);
            }
        }
    }

    /// Reads until a connection fails or the reading is over.
    ///
    /// @return the reason why it ended, for the log
    protected abstract String read(Reading reading);

    /// Makes [#read(Reading)] return in good order, because the source closes. It is called repeatedly until
    /// the method has returned. Must not wait.
    protected abstract void stopReading();

    /// Makes [#read(Reading)] fail soon, after its sockets were closed. Must not wait.
    protected abstract void breakReading();

    @Override
    public void start(ChangeListener listener) throws SourceException {
        Supervisor supervisor = own;
        if (supervisor == null) {
            supervisor =
                    new Supervisor(SupervisorPolicy.USUAL, nanoTime, code -> log.error("The reader hangs ({})", code));
            own = supervisor;
        }
        start(listener, supervisor);
    }

    @Override
    public void start(ChangeListener listener, Supervisor supervisor) throws SourceException {
        become(new SourceState.Starting(), listener);
        try {
            preflightWaitingForSlot();
        } catch (SourceException e) {
            if (!e.temporary()) {
                become(new SourceState.Failed(String.valueOf(e.getMessage())), listener);
            }
            throw e;
        }
        listener.onStart(requireNonNull(feed));
        become(new SourceState.Streaming(), listener);
        ThreadStarter threads = (name, run) -> {
            Thread started = ThreadStarter.PLATFORM.start(name, run);
            thread = started;
            return started;
        };
        supervised = supervisor.startObserved(
                "walcast-source", new EndAction.Restart(), threads, run -> supervise(listener, run));
    }

    /// The walsender of a killed server may hold the slot for a short time.
    private void preflightWaitingForSlot() throws SourceException {
        long deadline = nanoTime.getAsLong() + config.slotWait().toNanos();
        boolean logged = false;
        while (true) {
            try {
                feed = preflight.run(null);
                return;
            } catch (SourceException e) {
                if (!(e instanceof SlotInUseException) || nanoTime.getAsLong() - deadline > 0) {
                    throw e;
                }
                if (!logged) {
                    log.info(
                            "{} Waiting up to {} s for it.",
                            e.getMessage(),
                            config.slotWait().toSeconds());
                    logged = true;
                }
                if (awaitClosing(Duration.ofMillis(500))) {
                    throw e;
                }
            }
        }
    }

    /// Waiting for the database is a declared wait; delivering a transaction is not.
    private void supervise(ChangeListener listener, TaskActivity activity) {
        progress.begin(activity);
        try (TaskActivity.Span _ = activity.waits()) {
            supervise(listener);
        }
    }

    private void supervise(ChangeListener listener) {
        while (!isClosing()) {
            Lsn before = acknowledgements.received();
            String reason = checked ? readOnce(listener) : preflightProblem(listener);
            if (reason == null) {
                checked = true;
                continue;
            }
            if (acknowledgements.received().isAfter(before)) {
                backoff.reset();
            }
            if (isClosing()) {
                break;
            }
            Duration wait = pause();
            logInterruption(wait, reason);
            become(new SourceState.Reconnecting(reason), listener);
            awaitClosing(wait);
            checked = false;
        }
        become(new SourceState.Stopped(), listener);
    }

    private Duration pause() {
        Duration wait = backoff.next();
        return publications.isMissing() && wait.compareTo(LOOK_FOR_PUBLICATION_AFTER) > 0
                ? LOOK_FOR_PUBLICATION_AFTER
                : wait;
    }

    /// Logs an interruption. A missing publication is looked up often, but logged once.
    private void logInterruption(Duration wait, String reason) {
        if (publications.isMissing() && state.equals(new SourceState.Reconnecting(reason))) {
            log.debug("The feed is still interrupted: {}", reason);
        } else {
            log.warn("The feed is interrupted; the next attempt is in {} ms: {}", wait.toMillis(), reason);
        }
    }

    private @Nullable String preflightProblem(ChangeListener listener) {
        try {
            goOn(listener);
            return null;
        } catch (SourceException e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            log.error("The feed could not be checked", e);
            return String.valueOf(e);
        }
    }

    private void goOn(ChangeListener listener) throws SourceException {
        FeedStart known = requireNonNull(feed);
        FeedStart fresh = preflight.run(new FeedMark.Running(known.epoch(), since(known)));
        if (!fresh.epoch().equals(known.epoch())) {
            log.warn("The feed's continuity is broken: changes may be missing. Every subscriber is notified.");
            acknowledgements.beginAnew();
            feed = fresh;
            listener.onStart(fresh);
        }
    }

    private Lsn since(FeedStart known) {
        Lsn received = acknowledgements.received();
        return received.isAfter(known.from()) ? received : known.from();
    }

    /// After it was checked, the slot may have been dropped, and created again by Debezium. While it is being
    /// read, it cannot be dropped.
    private void checkContinuity(ReaderSockets sockets) throws SQLException {
        if (preflight.confirmed(sockets).isAfter(since(requireNonNull(feed)))) {
            throw new SQLException("the replication slot was dropped and created again before it was read");
        }
    }

    private String readOnce(ChangeListener listener) {
        long number = progress.open();
        try (TransactionBuffer buffer = new TransactionBuffer(config.transactionMemoryBytes());
                ReaderSockets sockets = new ReaderSockets()) {
            reading = sockets;
            TransactionReceiver transactions = new TransactionReceiver(
                    buffer, listener, acknowledgements, progress, number, () -> checkContinuity(sockets));
            return read(new Reading(listener, transactions, sockets));
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            // This catches errors, too, because the next reading may succeed.
            log.error("The reader failed unexpectedly", e);
            return String.valueOf(e);
        } finally {
            progress.close();
            reading = null;
        }
    }

    private void become(SourceState next, ChangeListener listener) {
        state = next;
        listener.onState(next);
    }

    protected final boolean isClosing() {
        return closing.getCount() == 0;
    }

    /// Waits, at most until [#close()] is called.
    ///
    /// @return whether the source closes
    protected final boolean awaitClosing(Duration wait) {
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
        return new Activity(
                acknowledgements.received(),
                progress.records(),
                progress.isDelivering(),
                progress.readings(),
                progress.reading());
    }

    @Override
    public void restart(String reason) {
        if (progress.reading() != ChangeSource.Reading.NONE) {
            log.info("The reader is restarted: {}", reason);
            cutReading();
        }
    }

    private void cutReading() {
        ReaderSockets sockets = reading;
        if (sockets != null) {
            sockets.cut();
            breakReading();
        }
    }

    @Override
    public Log remember(Lsn delivered) throws SourceException {
        return mark.remember(requireNonNull(feed, "not started").epoch(), delivered);
    }

    @Override
    public void expectEnd() {
        Supervised task = supervised;
        if (task != null) {
            task.expectEnd();
        }
    }

    @Override
    public void close() {
        expectEnd();
        closing.countDown();
        mark.close();
        Thread reader = thread;
        if (reader != null) {
            end(reader);
        }
        Supervisor supervisor = own;
        if (supervisor != null) {
            supervisor.close();
        }
    }

    private void end(Thread reader) {
        boolean receives = progress.reading() == ChangeSource.Reading.RECEIVING;
        Duration goodOrder = receives ? GOOD_ORDER : GOOD_ORDER_OPENING;
        Duration timeout = receives ? STOP_TIMEOUT : STOP_TIMEOUT_OPENING;
        long began = nanoTime.getAsLong();
        try {
            do {
                stopReading();
                if (isOlderThan(began, goodOrder)) {
                    cutReading();
                }
            } while (!reader.join(Duration.ofMillis(100)) && !isOlderThan(began, timeout));
            if (reader.isAlive()) {
                log.warn("The reader did not stop within {} ms", timeout.toMillis());
                reader.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isOlderThan(long nanos, Duration age) {
        return nanoTime.getAsLong() - nanos > age.toNanos();
    }
}
