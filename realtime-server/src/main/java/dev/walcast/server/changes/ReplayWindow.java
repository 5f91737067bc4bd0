package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.Target;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The recent past: committed changes by table, for clients that come back. A transaction enters it before it is
/// handed to anybody, so that whoever reads up to its head and then goes live misses nothing and gets nothing
/// twice.
///
/// What stands in it is not acknowledged, so that after a crash the slot fills it again. Safe for any thread.
final class ReplayWindow implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReplayWindow.class);

    /// Commit times are taken a moment before the commit's place in the log is.
    private static final long CLOCK_MARGIN_MICROS = 1_000_000;

    /// The last change stays, however old, and whatever is empty after it, while they keep no more log than this:
    /// so who was idle for long is told after a restart that nothing was missed.
    private static final long IDLE_LOG_BYTES_MAX = 64L << 20;

    private final ReplayLimits limits;
    private final ChangeEncoder encoder;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final AtomicLong bytes = new AtomicLong();

    // guarded by lock
    private final TableHistory history = new TableHistory();
    private final Deque<Passed> kept = new ArrayDeque<>();
    private final Set<Lsn> commits = new HashSet<>();
    private final Floors floors = new Floors();
    private Settlement settlement = new Settlement(Lsn.ZERO);
    private FeedStart start = new FeedStart("0".repeat(FeedStart.EPOCH_LENGTH), false, Lsn.ZERO, Lsn.ZERO, Lsn.ZERO);
    private Position head = Position.START;
    private Lsn evicted = Lsn.ZERO;
    private long holdUntil;
    private boolean begun;
    private boolean ready;
    private boolean closed;

    ReplayWindow(ReplayLimits limits, ChangeEncoder encoder, LongSupplier nanoTime) {
        this.limits = requireNonNull(limits, "limits is null");
        this.encoder = requireNonNull(encoder, "encoder is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    // -- the source's thread

    /// Forgets everything and begins with what this feed will bring.
    void begin(FeedStart fresh) {
        lock.lock();
        try {
            start = fresh;
            history.clear();
            commits.clear();
            kept.forEach(passed -> passed.evict(bytes));
            kept.clear();
            settlement = new Settlement(fresh.delivered());
            head = Position.after(fresh.from());
            evicted = fresh.from();
            floors.beginAt(head, Long.MAX_VALUE);
            holdUntil = nanoTime.getAsLong() + limits.restartHold().toNanos();
            begun = true;
            ready = fresh.reach().equals(Lsn.ZERO);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Takes the transaction in. Waits while it holds a restart's backlog that would have to go for it.
    Pass append(Transaction transaction) {
        String epoch = epoch();
        List<Encodings> changes = collected(transaction, epoch);
        Passed passed = new Passed(transaction.commit(), nanoTime.getAsLong(), transaction.defer());
        lock.lock();
        try {
            floors.learn(transaction.commit().timeMicros() + CLOCK_MARGIN_MICROS);
            forgetFailed(passed.lsn());
            take(passed, transaction, changes);
            settlement.add(passed);
            if (!ready && passed.lsn().isAfter(start.reach())) {
                ready = true;
                holdUntil = nanoTime.getAsLong() + limits.restartHold().toNanos();
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        Pass.Walk walk = transaction.inMemory()
                ? changes::forEach
                : action -> transaction.forEach(change -> action.accept(new Encodings(change, epoch, encoder)));
        return new Pass(walk, () -> delivered(passed));
    }

    /// The transaction comes again when handing it over failed.
    private void forgetFailed(Lsn lsn) {
        if (!kept.isEmpty() && kept.getLast().lsn().equals(lsn)) {
            Passed failed = kept.removeLast();
            failed.evict(bytes);
            settlement.forget(failed);
        }
    }

    private void take(Passed passed, Transaction transaction, List<Encodings> changes) {
        if (transaction.inMemory() && changes.isEmpty()) {
            passed.pass(true);
            return;
        }
        long size = Passed.OVERHEAD_BYTES
                + changes.stream().mapToLong(Encodings::bytes).sum();
        makeRoom(size, passed.lsn());
        head = Position.after(passed.lsn());
        if (transaction.inMemory() && size <= limits.memoryBytes()) {
            keep(passed, changes);
        } else {
            passOver(passed, transaction);
        }
    }

    private void keep(Passed passed, List<Encodings> changes) {
        history.add(changes);
        passed.keep(changes, bytes);
        kept.add(passed);
        commits.add(passed.lsn());
    }

    /// Nothing from before leads any more to what comes after a transaction that is too large to be kept.
    private void passOver(Passed passed, Transaction transaction) {
        while (!kept.isEmpty()) {
            evictFirst();
        }
        transaction.forEach(this::raise);
        evicted = passed.lsn();
        passed.pass(false);
    }

    private List<Encodings> collected(Transaction transaction, String epoch) {
        List<Encodings> changes = new ArrayList<>();
        if (transaction.inMemory()) {
            transaction.forEach(change -> changes.add(new Encodings(change, epoch, encoder)));
        }
        return changes;
    }

    /// Evicts what is not protected; while that does not suffice and the hold lasts, waits.
    private void makeRoom(long size, Lsn lsn) {
        while (bytes.get() + size > limits.memoryBytes()) {
            Passed first = kept.peek();
            boolean evictable = first != null && !isProtected(first.lsn());
            if (evictable) {
                evictFirst();
            } else if (isProtected(lsn) && !closed) {
                waitForHold();
            } else {
                return;
            }
        }
    }

    private void waitForHold() {
        if (!ready) {
            ready = true;
            changed.signalAll();
            log.info("More was committed while the server was down than the replay window holds; it waits for clients");
        }
        try {
            while (isHolding() && !closed) {
                long _ = changed.awaitNanos(Math.max(1, holdUntil - nanoTime.getAsLong()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the server stops before these changes were delivered", e);
        }
        if (closed) {
            throw new IllegalStateException("the server stops before these changes were delivered");
        }
    }

    private void raise(Change change) {
        floors.raise(change.table().id(), change.position(), change.commit().timeMicros());
    }

    private void delivered(Passed passed) {
        lock.lock();
        try {
            passed.deliver();
        } finally {
            lock.unlock();
        }
    }

    // -- who comes back

    /// Waits until everything from before the server's start is in: nobody can be told earlier whether he missed
    /// something.
    void awaitReady() throws InterruptedException {
        lock.lock();
        try {
            while (begun && !ready) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    String epoch() {
        lock.lock();
        try {
            return start.epoch();
        } finally {
            lock.unlock();
        }
    }

    /// The place behind everything that has come so far.
    FeedPosition head() {
        lock.lock();
        try {
            return new FeedPosition(start.epoch(), head);
        } finally {
            lock.unlock();
        }
    }

    /// Where a binding begins: after what it names, when all that followed is at hand.
    BindingStart start(List<? extends Target> targets, ResumeFrom from) {
        lock.lock();
        try {
            return switch (from) {
                case ResumeFrom.Now _ ->
                    isHolding() ? new BindingStart.At(handedOver(targets), false) : new BindingStart.Live();
                case ResumeFrom.Unreadable _ -> new BindingStart.Reset(BindingStart.Reason.INVALID);
                case ResumeFrom.After(FeedPosition position) -> after(targets, position);
                case ResumeFrom.Since(long millis) -> since(targets, millis);
            };
        } finally {
            lock.unlock();
        }
    }

    /// Shortly after a restart whoever comes is taken for somebody who came back.
    private Position handedOver(List<? extends Target> targets) {
        Position floor = floors.position(targets);
        Position delivered = Position.after(start.delivered());
        return floor.isAfter(delivered) ? floor : delivered;
    }

    private BindingStart after(List<? extends Target> targets, FeedPosition from) {
        Lsn commit = from.position().commit();
        if (!from.epoch().equals(start.epoch())
                || from.position().isAfter(head)
                || (commit.isAfter(evicted) && !commits.contains(commit))) {
            return new BindingStart.Reset(BindingStart.Reason.EPOCH_CHANGED);
        }
        if (floors.position(targets).isAfter(from.position())) {
            return new BindingStart.Reset(BindingStart.Reason.EXPIRED);
        }
        return resumed(targets, from.position());
    }

    private BindingStart since(List<? extends Target> targets, long millis) {
        if (Math.floorDiv(floors.micros(targets), 1000L) >= millis) {
            return new BindingStart.Reset(BindingStart.Reason.EXPIRED);
        }
        Position before = head;
        for (Passed passed : kept) {
            if (Math.floorDiv(passed.commit().timeMicros(), 1000L) >= millis) {
                before = new Position(passed.lsn(), -1);
                break;
            }
        }
        return resumed(targets, before);
    }

    private BindingStart resumed(List<? extends Target> targets, Position after) {
        if (history.hasOtherColumns(targets, after)) {
            return new BindingStart.Reset(BindingStart.Reason.SCHEMA_CHANGED);
        }
        return new BindingStart.At(after, true);
    }

    /// What reading further gave.
    sealed interface Read {
        record Batch(List<Encodings> changes) implements Read {}

        /// @param gone whether something was let go before it was read
        record End(FeedPosition head, boolean gone) implements Read {}
    }

    /// The next wanted changes after a position, in order.
    ///
    /// @param finish called when nothing is left or something is gone, before any later transaction enters the
    /// window
    Read read(Collection<TableHistory.Wanted> wanted, FeedPosition cursor, int max, Consumer<Read.End> finish) {
        lock.lock();
        try {
            boolean otherEpoch = !wanted.isEmpty() && !cursor.epoch().equals(start.epoch());
            boolean gone = otherEpoch || wanted.stream().anyMatch(one -> isGone(one, cursor.position()));
            List<Encodings> changes = gone ? List.of() : history.next(wanted, cursor.position(), max);
            if (!changes.isEmpty()) {
                return new Read.Batch(changes);
            }
            Read.End end = new Read.End(new FeedPosition(start.epoch(), head), gone);
            finish.accept(end);
            return end;
        } finally {
            lock.unlock();
        }
    }

    private boolean isGone(TableHistory.Wanted wanted, Position cursor) {
        return floors.position(List.of(wanted.target())).isAfter(wanted.after(cursor));
    }

    // -- the keeper

    FeedStatus status(Lsn walEnd) {
        lock.lock();
        try {
            return new FeedStatus(
                    start.epoch(), settlement.acknowledged(), deliveredThrough(), walEnd, kept.size(), bytes.get());
        } finally {
            lock.unlock();
        }
    }

    /// How far everything was delivered; not beyond what waits for clients after a restart.
    Lsn deliveredThrough() {
        lock.lock();
        try {
            return isHolding() ? start.delivered() : settlement.deliveredThrough();
        } finally {
            lock.unlock();
        }
    }

    /// Lets go of what is too old or keeps too much log, and acknowledges what can be.
    ///
    /// @param remembered what the source has remembered as delivered
    /// @param walBytesMax how much log may be kept
    /// @return how many transactions were let go because of the log
    int settle(Lsn remembered, Lsn walEnd, long walBytesMax) {
        List<Runnable> acknowledge;
        int shed = 0;
        lock.lock();
        try {
            long oldest = nanoTime.getAsLong() - limits.age().toNanos();
            while (!kept.isEmpty() && !isProtected(kept.element().lsn())) {
                long log = walEnd.value() - kept.element().lsn().value();
                boolean old = kept.element().arrivedNanos() - oldest <= 0
                        && (kept.size() > 1 || log > idleLogMax(walBytesMax));
                boolean heavy = log > walBytesMax;
                if (!old && !heavy) {
                    break;
                }
                shed += old ? 0 : 1;
                evictFirst();
            }
            changed.signalAll();
            boolean idle = walEnd.value() - settlement.acknowledged().value() <= idleLogMax(walBytesMax);
            acknowledge = settlement.acknowledgeable(remembered, idle);
        } finally {
            lock.unlock();
        }
        acknowledge.forEach(Runnable::run);
        return shed;
    }

    private static long idleLogMax(long walBytesMax) {
        return Math.min(walBytesMax, IDLE_LOG_BYTES_MAX);
    }

    private boolean isHolding() {
        return start.continued() && (!ready || holdUntil - nanoTime.getAsLong() > 0);
    }

    /// Whether it was committed after the former server had delivered, and its clients may still come.
    private boolean isProtected(Lsn lsn) {
        return isHolding() && lsn.isAfter(start.delivered());
    }

    private void evictFirst() {
        Passed first = kept.remove();
        first.changes().forEach(encodings -> raise(encodings.change()));
        history.remove(first.changes());
        first.evict(bytes);
        commits.remove(first.lsn());
        evicted = first.lsn();
    }

    /// Ends all waiting.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            ready = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
