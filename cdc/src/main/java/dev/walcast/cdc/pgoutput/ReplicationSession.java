package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.RowEvent;
import dev.walcast.cdc.source.TransactionReceiver;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads one [ReplicationStream] on the calling thread, which also runs the listener. While the listener works,
/// another thread sends the status to Postgres. The thread that holds `stream lock` uses the stream: always the
/// reader, except while the listener works.
final class ReplicationSession implements PgoutputDecoder.Sink {
    private static final Logger log = LoggerFactory.getLogger(ReplicationSession.class);
    private static final int HEADER_AFTER_PLACE = 2 * Long.BYTES;

    /// The longest delay until handled transactions are reported.
    private static final Duration TELL_PROGRESS_AFTER = Duration.ofSeconds(1);

    /// The longest time between two status messages, which Postgres answers.
    private static final Duration TELL_ANYWAY_AFTER = Duration.ofSeconds(10);

    /// After this silence, Postgres is taken to be gone.
    private static final Duration SILENCE_MAX = Duration.ofSeconds(60);

    /// Only a Postgres that shuts down requests so many answers in a row: it asks until everything is
    /// confirmed.
    private static final int ASKED_IN_A_ROW_MAX = 10;

    private static final Duration IN_A_ROW = Duration.ofSeconds(2);

    private final ReplicationStream stream;
    private final TransactionReceiver transactions;
    private final PgoutputDecoder decoder;
    private final DatabaseEncoding encoding;
    private final LongSupplier nanoTime;

    /// The end of the last transaction up to which all are handled; written by any thread.
    private final AtomicReference<Lsn> handled = new AtomicReference<>(Lsn.ZERO);

    private final ReentrantLock streamLock = new ReentrantLock();

    @GuardedBy("streamLock")
    private Lsn received = Lsn.ZERO;

    /// The position up to which the listener has processed everything.
    @GuardedBy("streamLock")
    private Lsn applied = Lsn.ZERO;

    @GuardedBy("streamLock")
    private Lsn told = Lsn.ZERO;

    @GuardedBy("streamLock")
    private Lsn toldApplied = Lsn.ZERO;

    @GuardedBy("streamLock")
    private long toldAt;

    @GuardedBy("streamLock")
    private long heardAt;

    @GuardedBy("streamLock")
    private long askedAt;

    @GuardedBy("streamLock")
    private int asked;

    ReplicationSession(
            ReplicationStream stream,
            TransactionReceiver transactions,
            Relations relations,
            DatabaseEncoding encoding,
            LongSupplier nanoTime) {
        this.encoding = requireNonNull(encoding, "encoding is null");
        this.stream = requireNonNull(stream, "stream is null");
        this.transactions = requireNonNull(transactions, "transactions is null");
        this.decoder = new PgoutputDecoder(relations, this);
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        long now = nanoTime.getAsLong();
        this.toldAt = now;
        this.heardAt = now;
        this.askedAt = now;
    }

    /// Reads until `over` is true, then reports what is handled to Postgres.
    void read(BooleanSupplier over) throws SQLException {
        CountDownLatch ended = new CountDownLatch(1);
        streamLock.lock();
        try {
            Thread.ofVirtual().name("walcast-source-alive").start(() -> sendStatusUntil(ended));
            while (!over.getAsBoolean()) {
                byte[] message = stream.read();
                if (message == null) {
                    nothingCame();
                } else {
                    heardAt = nanoTime.getAsLong();
                    transactions.messageReceived();
                    take(new WireBytes(message, encoding));
                }
            }
            sendStatus(false);
            stream.end();
        } finally {
            streamLock.unlock();
            ended.countDown();
        }
    }

    @GuardedBy("streamLock")
    private void take(WireBytes message) throws SQLException {
        char tag = message.tag();
        switch (tag) {
            case 'w' -> {
                asked = 0;
                Lsn at = new Lsn(message.int64());
                message.skip(HEADER_AFTER_PLACE);
                decoder.decode(message, at);
            }
            case 'k' -> keepalive(new Lsn(message.int64()), message);
            default -> throw new IllegalStateException("unknown message of replication: " + tag);
        }
    }

    /// Answers a keepalive, which Postgres sends when it has nothing more to send, with the last transaction.
    /// The keepalive's own position is never confirmed, although everything before it has been sent: the feed's
    /// mark does not cover it, so a restart would begin a new epoch. Log without changes for this reader is
    /// released with the next heartbeat.
    @GuardedBy("streamLock")
    private void keepalive(Lsn end, WireBytes message) throws SQLException {
        message.int64(); // Postgres' clock
        boolean answer = message.tag() != 0;
        received = later(received, end);
        applied = later(applied, end);
        if (answer || confirmed().isAfter(told) || isOlderThan(toldAt, TELL_PROGRESS_AFTER)) {
            sendStatus(false);
        }
        if (answer) {
            makeWayForShutdown();
        }
    }

    /// Ends the reading when Postgres shuts down, because it would wait forever for the confirmation.
    /// Unconfirmed transactions come again after the restart.
    @GuardedBy("streamLock")
    private void makeWayForShutdown() throws SQLException {
        asked = isOlderThan(askedAt, IN_A_ROW) ? 1 : asked + 1;
        askedAt = nanoTime.getAsLong();
        if (asked > ASKED_IN_A_ROW_MAX) {
            throw new SQLException("Postgres is shutting down and waits only for the reader");
        }
    }

    @GuardedBy("streamLock")
    private void nothingCame() throws SQLException {
        if (isOlderThan(heardAt, SILENCE_MAX)) {
            throw new SQLException("Postgres has been silent for " + SILENCE_MAX.toSeconds() + " s");
        }
        if (confirmed().isAfter(told)) {
            sendStatus(false);
        } else if (isOlderThan(toldAt, TELL_ANYWAY_AFTER)) {
            sendStatus(true);
        } else if (applied.isAfter(toldApplied) && isOlderThan(toldAt, TELL_PROGRESS_AFTER)) {
            sendStatus(false);
        }
    }

    @Override
    public void begin() {
        transactions.begin();
    }

    @Override
    public void row(RowEvent event) {
        transactions.add(event);
    }

    @Override
    public void rightsAnnounced() {
        transactions.announceRights();
    }

    @Override
    public void leaveOut(TableId table, String reason) {
        transactions.leaveOut(table, reason);
    }

    @GuardedBy("streamLock")
    @Override
    public void commit(Commit commit) throws SQLException {
        received = later(received, commit.lsn());
        streamLock.unlock();
        try {
            transactions.end(commit, () -> handled.accumulateAndGet(commit.lsn(), ReplicationSession::later));
        } finally {
            streamLock.lock();
        }
        heardAt = nanoTime.getAsLong();
        applied = later(applied, commit.lsn());
        if (isOlderThan(toldAt, TELL_PROGRESS_AFTER)) {
            sendStatus(false);
        }
    }

    private void sendStatusUntil(CountDownLatch ended) {
        try {
            while (!ended.await(TELL_PROGRESS_AFTER.toMillis(), TimeUnit.MILLISECONDS)) {
                if (streamLock.tryLock()) {
                    try {
                        if (isOlderThan(toldAt, TELL_ANYWAY_AFTER)) {
                            sendStatus(false);
                        }
                    } finally {
                        streamLock.unlock();
                    }
                }
            }
        } catch (SQLException e) {
            log.debug("Cannot send the status; the reader will fail as well", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @GuardedBy("streamLock")
    private void sendStatus(boolean answer) throws SQLException {
        Lsn confirmed = confirmed();
        stream.sendStatus(received, confirmed, applied, answer);
        told = confirmed;
        toldApplied = applied;
        toldAt = nanoTime.getAsLong();
    }

    private Lsn confirmed() {
        return requireNonNull(handled.get());
    }

    private static Lsn later(Lsn one, Lsn other) {
        return one.isAfter(other) ? one : other;
    }

    private boolean isOlderThan(long nanos, Duration age) {
        return nanoTime.getAsLong() - nanos > age.toNanos();
    }
}
