package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.Moment;
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

/// The recent past: committed changes by table, for clients that come back. A transaction enters it before it is
/// handed to anybody, so that whoever reads up to its head and then goes live misses nothing and gets nothing
/// twice.
///
/// What stands in it is not acknowledged, so that after a crash the slot fills it again. Safe for any thread.
public final class ReplayWindow implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReplayWindow.class);

    /// Commit times are taken a moment before the commit's place in the log is.
    private static final long CLOCK_MARGIN_MICROS = 1_000_000;

    /// The last change stays, however old, and whatever is empty after it, while they keep no more log than this:
    /// so who was idle for long is told after a restart that nothing was missed.
    private static final long IDLE_LOG_BYTES_MAX = 64L << 20;

    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    private final ReplayLimits limits;
    private final ChangeEncoder encoder;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // guarded by lock
    private final KeptTransactions kept = new KeptTransactions();
    private final RestartHold hold;
    private Settlement settlement = new Settlement(Lsn.ZERO);
    private Position head = Position.START;

    /// The last transaction that came, with or without changes.
    private Lsn reached = Lsn.ZERO;

    private boolean begun;
    private boolean closed;

    public ReplayWindow(ReplayLimits limits, ChangeEncoder encoder, LongSupplier nanoTime) {
        this.limits = requireNonNull(limits, "limits is null");
        this.encoder = requireNonNull(encoder, "encoder is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.hold = new RestartHold(limits.restartHold(), nanoTime);
    }

    // -- the source's thread

    /// Forgets everything and begins with what this feed will bring.
    public void begin(FeedStart fresh) {
        lock.lock();
        try {
            kept.beginAfter(fresh.from());
            settlement = new Settlement(fresh.delivered());
            head = Position.after(fresh.from());
            reached = fresh.from();
            hold.begin(fresh);
            begun = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Takes the transaction in. Waits while it holds a restart's backlog that would have to go for it.
    ///
    /// @param marks for each of its tables
    /// @param keys  makes the keys of a change's rows; called once for each change, in their order
    public Pass append(
            Transaction transaction,
            Map<TableId, RightsMark> marks,
            Function<? super Change, ? extends @Nullable RowKeys> keys) {
        Function<Change, Encodings> encodings = encodings(marks, epoch(), keys);
        List<Encodings> changes = collected(transaction, encodings);
        Passed passed = new Passed(transaction.commit(), nanoTime.getAsLong(), transaction.defer());
        lock.lock();
        try {
            kept.floors().learn(transaction.commit().timeMicros() + CLOCK_MARGIN_MICROS);
            // The transaction comes again when handing it over failed.
            kept.removeLast(passed.lsn()).ifPresent(settlement::forget);
            take(passed, transaction, changes);
            settlement.add(passed);
            boolean _ = hold.reach(passed.lsn());
            reached = passed.lsn();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Pass.Walk walk = transaction.inMemory()
                ? changes::forEach
                : action -> transaction.forEach(change -> action.accept(encodings.apply(change)));
        return new Pass(walk, passed::deliver);
    }

    private void take(Passed passed, Transaction transaction, List<Encodings> changes) {
        if (!transaction.setAside().isEmpty()) {
            head = Position.after(passed.lsn());
            kept.leaveOut(passed, transaction.setAside());
        }
        if (transaction.inMemory() && changes.isEmpty()) {
            passed.pass(true);
            return;
        }
        long size = Passed.OVERHEAD_BYTES
                + changes.stream().mapToLong(Encodings::bytes).sum();
        makeRoom(size, passed.lsn());
        head = Position.after(passed.lsn());
        if (transaction.inMemory() && size <= limits.memoryBytes()) {
            kept.add(passed, changes);
        } else {
            kept.passOver(passed, transaction);
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

    /// Evicts what is not protected; while that does not suffice and the hold lasts, waits.
    private void makeRoom(long size, Lsn lsn) {
        while (kept.bytes() + size > limits.memoryBytes()) {
            Passed first = kept.first();
            if (first != null && !hold.protects(first.lsn())) {
                kept.evictFirst();
            } else if (hold.protects(lsn) && !closed) {
                waitForHold();
            } else {
                return;
            }
        }
    }

    private void waitForHold() {
        if (hold.beReady()) {
            changed.signalAll();
            log.info("More was committed while the server was down than the replay window holds; it waits for clients");
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

    // -- who comes back

    /// Waits until everything from before the server's start is in: nobody can be told earlier whether he missed
    /// something.
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

    /// The epoch of the feed at the moment.
    public String epoch() {
        lock.lock();
        try {
            return hold.start().epoch();
        } finally {
            lock.unlock();
        }
    }

    /// The place behind everything that has come so far.
    public FeedPosition head() {
        lock.lock();
        try {
            return new FeedPosition(hold.start().epoch(), head);
        } finally {
            lock.unlock();
        }
    }

    /// These tables are not resumed any more from before a transaction that comes next: rows before it may be missing.
    ///
    /// @return the place before the transaction, behind everything that has come
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

    /// Decides where a binding of these tables begins that names a place of the past.
    public BindingStart start(List<? extends Target> targets, ResumeFrom from) {
        lock.lock();
        try {
            return new StartDecision(kept, hold, head, targets).of(from);
        } finally {
            lock.unlock();
        }
    }

    /// What reading further gave.
    public sealed interface Read {
        record Batch(List<Encodings> changes) implements Read {}

        /// @param gone whether something was let go before it was read
        record End(FeedPosition head, boolean gone) implements Read {}
    }

    /// The next wanted changes after a position, in order.
    ///
    /// @param finish called when nothing is left or something is gone, before any later transaction
    /// enters the window
    public Read read(Collection<TableHistory.Wanted> wanted, FeedPosition cursor, int max, Consumer<Read.End> finish) {
        lock.lock();
        try {
            String epoch = hold.start().epoch();
            boolean otherEpoch = !wanted.isEmpty() && !cursor.epoch().equals(epoch);
            boolean gone = otherEpoch || wanted.stream().anyMatch(one -> isGone(one, cursor.position()));
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

    private boolean isGone(TableHistory.Wanted wanted, Position cursor) {
        return kept.lacks(List.of(wanted.target()), wanted.after(cursor));
    }

    // -- who begins with rows

    /// Where the changes begin that rows of this moment do not show; those that they do show have to be left out,
    /// up to where the moment is in the log.
    ///
    /// @return nothing when the window does not lead on from there; a later moment may do
    public Optional<Position> after(Moment moment) {
        lock.lock();
        try {
            return kept.before(moment, head);
        } finally {
            lock.unlock();
        }
    }

    /// Whether everything that was committed before that place has come.
    public boolean hasReached(Lsn lsn) {
        lock.lock();
        try {
            return reached.isAfter(lsn);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until everything that was committed before that place has come, or the feed begins anew.
    ///
    /// @param over looked at now and then
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

    /// Whether something of these tables behind the position was let go.
    public boolean lacks(Target target, Position after) {
        lock.lock();
        try {
            return kept.lacks(List.of(target), after);
        } finally {
            lock.unlock();
        }
    }

    // -- the keeper

    /// The feed at this moment.
    public FeedStatus status(Lsn walEnd) {
        lock.lock();
        try {
            return new FeedStatus(
                    hold.start().epoch(),
                    settlement.acknowledged(),
                    deliveredThrough(),
                    walEnd,
                    kept.size(),
                    kept.bytes());
        } finally {
            lock.unlock();
        }
    }

    /// How far everything was delivered; not beyond what waits for clients after a restart.
    public Lsn deliveredThrough() {
        lock.lock();
        try {
            return hold.isHolding() ? hold.start().delivered() : settlement.deliveredThrough();
        } finally {
            lock.unlock();
        }
    }

    /// Lets go of what is too old or keeps too much log, and acknowledges what can be.
    ///
    /// @param remembered what the source has remembered as delivered
    /// @param walBytesMax how much log may be kept
    /// @return how many transactions were let go because of the log
    public int settle(Lsn remembered, Lsn walEnd, long walBytesMax) {
        List<Runnable> acknowledge;
        int shed;
        lock.lock();
        try {
            shed = letGo(walEnd, walBytesMax);
            changed.signalAll();
            boolean idle = walEnd.value() - settlement.acknowledged().value() <= idleLogMax(walBytesMax);
            acknowledge = settlement.acknowledgeable(remembered, idle);
        } finally {
            lock.unlock();
        }
        acknowledge.forEach(Runnable::run);
        return shed;
    }

    private int letGo(Lsn walEnd, long walBytesMax) {
        int shed = 0;
        long oldest = nanoTime.getAsLong() - limits.age().toNanos();
        Passed first = kept.first();
        while (first != null && !hold.protects(first.lsn())) {
            long log = walEnd.value() - first.lsn().value();
            boolean old = first.arrivedNanos() - oldest <= 0 && (kept.size() > 1 || log > idleLogMax(walBytesMax));
            boolean heavy = log > walBytesMax;
            if (!old && !heavy) {
                break;
            }
            shed += old ? 0 : 1;
            kept.evictFirst();
            first = kept.first();
        }
        return shed;
    }

    private static long idleLogMax(long walBytesMax) {
        return Math.min(walBytesMax, IDLE_LOG_BYTES_MAX);
    }

    /// Ends all waiting.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            boolean _ = hold.beReady();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
