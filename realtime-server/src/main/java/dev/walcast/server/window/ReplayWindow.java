package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.server.encode.ChangeEncoder;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.ResumeFrom;
import dev.walcast.server.rowkeys.RowKeys;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps recently committed changes by table, for clients that reconnect. A transaction enters the window before any
/// subscription receives it. So a client that reads up to the window's head and then goes live misses nothing and
/// receives nothing twice.
///
/// Transactions in the window are not acknowledged, so the slot fills the window again after a crash. Safe for any
/// thread.
public final class ReplayWindow implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReplayWindow.class);

    /// Commit times are taken a moment before the commit gets its place in the log.
    private static final long CLOCK_MARGIN_MICROS = 1_000_000;

    /// The last change, and empty transactions after it, stay at any age while they retain no more log than this. So
    /// a client that was idle for long learns after a restart that it missed nothing.
    private static final long IDLE_LOG_BYTES_MAX = 64L << 20;

    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    private final ReplayLimits limits;
    private final ChangeEncoder encoder;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final KeptTransactions kept = new KeptTransactions();

    @GuardedBy("lock")
    private final RestartHold hold;

    @GuardedBy("lock")
    private UnacknowledgedTransactions unacknowledged = new UnacknowledgedTransactions(Lsn.ZERO);

    @GuardedBy("lock")
    private Position head = Position.START;

    /// The last transaction received, with or without changes.
    @GuardedBy("lock")
    private Lsn reached = Lsn.ZERO;

    @GuardedBy("lock")
    private boolean begun;

    @GuardedBy("lock")
    private boolean closed;

    public ReplayWindow(ReplayLimits limits, ChangeEncoder encoder, LongSupplier nanoTime) {
        this.limits = requireNonNull(limits, "limits is null");
        this.encoder = requireNonNull(encoder, "encoder is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.hold = new RestartHold(limits.restartHold(), nanoTime);
    }

    // -- the source's thread

    /// Discards everything and begins with this feed.
    public void begin(FeedStart fresh) {
        lock.lock();
        try {
            kept.beginAfter(fresh.from());
            unacknowledged = new UnacknowledgedTransactions(fresh.delivered());
            head = Position.after(fresh.from());
            reached = fresh.from();
            hold.begin(fresh);
            begun = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Adds a transaction. Blocks while the window holds the backlog of a restart that would have to be evicted for
    /// it.
    ///
    /// @param marks the mark of each of its tables
    /// @param keys  makes the keys of a change's rows; called once for each change, in their order
    public TransactionDelivery append(
            Transaction transaction,
            Map<TableId, RightsMark> marks,
            Function<? super Change, ? extends @Nullable RowKeys> keys) {
        Function<Change, Encodings> encodings = encodings(marks, epoch(), keys);
        List<Encodings> changes = collected(transaction, encodings);
        WindowTransaction received =
                new WindowTransaction(transaction.commit(), nanoTime.getAsLong(), transaction.defer());
        lock.lock();
        try {
            kept.floors().setStartTime(transaction.commit().timeMicros() + CLOCK_MARGIN_MICROS);
            // Handing it over failed before: the transaction comes again.
            kept.removeLast(received.lsn()).ifPresent(unacknowledged::forget);
            take(received, transaction, changes);
            unacknowledged.add(received);
            boolean _ = hold.reach(received.lsn());
            reached = received.lsn();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        TransactionDelivery.Walk walk = transaction.inMemory()
                ? changes::forEach
                : action -> transaction.forEach(change -> action.accept(encodings.apply(change)));
        return new TransactionDelivery(walk, received::deliver);
    }

    @GuardedBy("lock")
    private void take(WindowTransaction received, Transaction transaction, List<Encodings> changes) {
        if (!transaction.setAside().isEmpty()) {
            head = Position.after(received.lsn());
            kept.leaveOut(received, transaction.setAside());
        }
        if (transaction.inMemory() && changes.isEmpty()) {
            received.skip(true);
            return;
        }
        long size = WindowTransaction.OVERHEAD_BYTES
                + changes.stream().mapToLong(Encodings::bytes).sum();
        makeRoom(size, received.lsn());
        head = Position.after(received.lsn());
        if (transaction.inMemory() && size <= limits.memoryBytes()) {
            kept.add(received, changes);
        } else {
            kept.skip(received, transaction);
        }
    }

    private Function<Change, Encodings> encodings(
            Map<TableId, RightsMark> marks, String epoch, Function<? super Change, ? extends @Nullable RowKeys> keys) {
        return change -> new Encodings(
                change, requireNonNull(marks.get(change.table().id())), epoch, encoder, keys.apply(change));
    }

    private static List<Encodings> collected(Transaction transaction, Function<Change, Encodings> encodings) {
        List<Encodings> changes = new ArrayList<>();
        if (transaction.inMemory()) {
            transaction.forEach(change -> changes.add(encodings.apply(change)));
        }
        return changes;
    }

    /// Evicts what is not protected. Waits while that does not suffice and the hold lasts.
    @GuardedBy("lock")
    private void makeRoom(long size, Lsn lsn) {
        while (kept.bytes() + size > limits.memoryBytes()) {
            WindowTransaction first = kept.first();
            if (first != null && !hold.protects(first.lsn())) {
                kept.evictFirst();
            } else if (hold.protects(lsn) && !closed) {
                waitForHold();
            } else {
                return;
            }
        }
    }

    @GuardedBy("lock")
    private void waitForHold() {
        if (hold.forceReady()) {
            changed.signalAll();
            log.info(
                    "More was committed while the server was down than the replay window holds; the server waits for clients");
        }
        try {
            while (hold.isHolding() && !closed) {
                long _ = changed.awaitNanos(Math.max(1, hold.nanosLeft()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the server stops before these changes were delivered", e);
        }
        if (closed) {
            throw new IllegalStateException("the server stops before these changes were delivered");
        }
    }

    // -- clients that reconnect

    /// Waits until everything from before the server's start is in the window. Before that no client can be told
    /// whether it missed something.
    public void awaitReady() throws InterruptedException {
        lock.lock();
        try {
            while (begun && !hold.isReady()) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /// The feed's current epoch.
    public String epoch() {
        lock.lock();
        try {
            return hold.start().epoch();
        } finally {
            lock.unlock();
        }
    }

    /// The position after everything received so far.
    public FeedPosition head() {
        lock.lock();
        try {
            return new FeedPosition(hold.start().epoch(), head);
        } finally {
            lock.unlock();
        }
    }

    /// Ends resuming of these tables from before the next transaction, because rows before it may be missing.
    ///
    /// @return the position before that transaction, after everything received
    public FeedPosition leaveOut(Collection<TableId> tables, Commit next) {
        lock.lock();
        try {
            Lsn place = new Lsn(next.lsn().value() - 1);
            Position before = Position.after(place);
            if (before.isAfter(head)) {
                head = before;
                kept.addPlace(place);
            }
            long micros = next.timeMicros();
            tables.forEach(table -> kept.floors().raise(table, head, micros + CLOCK_MARGIN_MICROS));
            return new FeedPosition(hold.start().epoch(), head);
        } finally {
            lock.unlock();
        }
    }

    /// Decides where a binding of these tables begins that names a position of the past.
    public BindingStart start(List<? extends Target> targets, ResumeFrom from) {
        lock.lock();
        try {
            return new StartDecision(kept, hold, head, targets).of(from);
        } finally {
            lock.unlock();
        }
    }

    /// The result of reading on.
    public sealed interface Read {
        record Batch(List<Encodings> changes) implements Read {}

        /// @param gone whether something was evicted before it was read
        record End(FeedPosition head, boolean gone) implements Read {}
    }

    /// The next wanted changes after a position, in order.
    ///
    /// @param finish called when nothing is left or something is gone, before a later transaction enters the window
    public Read read(Collection<TableHistory.Wanted> wanted, FeedPosition cursor, int max, Consumer<Read.End> finish) {
        lock.lock();
        try {
            String epoch = hold.start().epoch();
            boolean otherEpoch = !wanted.isEmpty() && !cursor.epoch().equals(epoch);
            boolean gone = otherEpoch || isAnyGone(wanted, cursor.position());
            List<Encodings> changes = gone ? List.of() : kept.history().next(wanted, cursor.position(), max);
            if (!changes.isEmpty()) {
                return new Read.Batch(changes);
            }
            Read.End end = new Read.End(new FeedPosition(epoch, head), gone);
            finish.accept(end);
            return end;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean isAnyGone(Collection<TableHistory.Wanted> wanted, Position cursor) {
        for (TableHistory.Wanted one : wanted) {
            if (kept.lacks(List.of(one.target()), one.after(cursor))) {
                return true;
            }
        }
        return false;
    }

    // -- clients that begin with rows

    /// The position after which a snapshot of this moment lacks changes. The caller has to leave out those that the
    /// snapshot contains, up to the moment's place in the log.
    ///
    /// @return empty when the window does not reach back that far; a later moment may succeed
    public Optional<Position> after(PgSnapshot moment) {
        lock.lock();
        try {
            return kept.before(moment, head);
        } finally {
            lock.unlock();
        }
    }

    /// Whether everything committed before this place in the log was received.
    public boolean hasReached(Lsn lsn) {
        lock.lock();
        try {
            return reached.isAfter(lsn);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until everything committed before this place in the log was received, or a new epoch begins.
    ///
    /// @param over checked at intervals; ends the wait when true
    public void awaitReached(Lsn lsn, String epoch, BooleanSupplier over) throws InterruptedException {
        lock.lock();
        try {
            while (!reached.isAfter(lsn) && epoch.equals(hold.start().epoch()) && !closed && !over.getAsBoolean()) {
                long _ = changed.awaitNanos(LOOK_EVERY_NANOS);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Whether a change of this target after the position was evicted.
    public boolean lacks(Target target, Position after) {
        lock.lock();
        try {
            return kept.lacks(List.of(target), after);
        } finally {
            lock.unlock();
        }
    }

    // -- the keeper

    /// The feed's state at this moment.
    public FeedStatus status(Lsn walEnd) {
        lock.lock();
        try {
            return new FeedStatus(
                    hold.start().epoch(),
                    unacknowledged.acknowledged(),
                    deliveredThrough(),
                    walEnd,
                    kept.size(),
                    kept.bytes());
        } finally {
            lock.unlock();
        }
    }

    /// The position up to which everything was delivered. Ends before what waits for clients after a restart.
    public Lsn deliveredThrough() {
        lock.lock();
        try {
            return hold.isHolding() ? hold.start().delivered() : unacknowledged.deliveredThrough();
        } finally {
            lock.unlock();
        }
    }

    /// Evicts what is too old or retains too much log, and acknowledges what it can.
    ///
    /// @param remembered the delivered position that the source has stored
    /// @param walBytesMax how much log the window may retain
    /// @return how many transactions were evicted because of the log
    public int settle(Lsn remembered, Lsn walEnd, long walBytesMax) {
        List<Runnable> acknowledge;
        int evicted;
        lock.lock();
        try {
            evicted = evictExpired(walEnd, walBytesMax);
            changed.signalAll();
            boolean idle = walEnd.value() - unacknowledged.acknowledged().value() <= idleLogMax(walBytesMax);
            acknowledge = unacknowledged.acknowledgeable(remembered, idle);
        } finally {
            lock.unlock();
        }
        acknowledge.forEach(Runnable::run);
        return evicted;
    }

    @GuardedBy("lock")
    private int evictExpired(Lsn walEnd, long walBytesMax) {
        int evicted = 0;
        long oldest = nanoTime.getAsLong() - limits.age().toNanos();
        WindowTransaction first = kept.first();
        while (first != null && !hold.protects(first.lsn())) {
            long log = walEnd.value() - first.lsn().value();
            boolean old = first.arrivedNanos() - oldest <= 0 && (kept.size() > 1 || log > idleLogMax(walBytesMax));
            boolean heavy = log > walBytesMax;
            if (!old && !heavy) {
                break;
            }
            evicted += old ? 0 : 1;
            kept.evictFirst();
            first = kept.first();
        }
        return evicted;
    }

    private static long idleLogMax(long walBytesMax) {
        return Math.min(walBytesMax, IDLE_LOG_BYTES_MAX);
    }

    /// Ends all waits.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            boolean _ = hold.forceReady();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
