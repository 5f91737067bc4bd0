package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.supervisor.RetriedExecutor;
import dev.walcast.rls.rights.Rights;
import dev.walcast.server.delivery.Candidate;
import dev.walcast.server.delivery.ChangeCounters;
import dev.walcast.server.delivery.ChangeSubscription;
import dev.walcast.server.delivery.ChangeSubscription.Withheld;
import dev.walcast.server.delivery.HeldTables;
import dev.walcast.server.delivery.HeldTables.HeldChange;
import dev.walcast.server.delivery.KnownRows;
import dev.walcast.server.delivery.OrderedDelivery;
import dev.walcast.server.delivery.Outstanding;
import dev.walcast.server.delivery.PendingLimits;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.subscribe.LiveFeed;
import dev.walcast.server.subscribe.SetAsideTables;
import dev.walcast.server.window.BindingStart.Reason;
import dev.walcast.server.window.ReplayWindow;
import dev.walcast.server.window.TransactionDelivery;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the subscriptions that a committed change concerns. Changes of a table whose rights are not confirmed are
/// held; everything else is offered to its subscriptions at once. Runs on the change source's thread, which never
/// waits here; what was held is offered by a virtual thread for each table.
final class FanOut implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FanOut.class);
    private static final Duration CONFIRM_AGAIN_MIN = Duration.ofMillis(2);
    private static final Duration CONFIRM_AGAIN_MAX = Duration.ofMillis(100);

    private final LiveFeed feed;
    private final ReplayWindow window;
    private final OrderedDelivery ordered;
    private final HeldTables held;
    private final Rights rights;
    private final KnownRows known;
    private final SetAsideTables setAside;
    private final LogMarks marks;
    private final PendingLimits limits;
    private final ChangeCounters counters;
    private final LongSupplier nanoTime;
    private final Queue<MissingRows> missing = new ConcurrentLinkedQueue<>();
    private final Set<TableId> releasing = ConcurrentHashMap.newKeySet();

    /// Held while held changes leave, so that none is offered and dropped at once. Taken before a subscription's lock.
    private final ReentrantLock leaving = new ReentrantLock();

    private final RetriedExecutor threads =
            new RetriedExecutor(Thread.ofVirtual().name("release-", 0).factory());

    /// The number of the last change. Belongs to the source's thread.
    private long sequence;

    FanOut(
            LiveFeed feed,
            ReplayWindow window,
            OrderedDelivery ordered,
            HeldTables held,
            Rights rights,
            KnownRows known,
            SetAsideTables setAside,
            PendingLimits limits,
            ChangeCounters counters,
            LongSupplier nanoTime) {
        this.feed = requireNonNull(feed, "feed is null");
        this.window = requireNonNull(window, "window is null");
        this.ordered = requireNonNull(ordered, "ordered is null");
        this.held = requireNonNull(held, "held is null");
        this.rights = requireNonNull(rights, "rights is null");
        this.known = requireNonNull(known, "known is null");
        this.setAside = requireNonNull(setAside, "setAside is null");
        this.marks = new LogMarks(rights);
        this.limits = requireNonNull(limits, "limits is null");
        this.counters = requireNonNull(counters, "counters is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// Rows that may never come.
    ///
    /// @param before a place of the log that is behind all of them
    private record MissingRows(Set<TableId> tables, Lsn before) {
        MissingRows {
            tables = Set.copyOf(tables);
            requireNonNull(before, "before is null");
        }
    }

    /// Has the subscribers of the tables told, at the place of the log, that rows before it may be missing. Safe for
    /// any thread.
    void tellMissing(Set<TableId> tables, Lsn before) {
        missing.add(new MissingRows(tables, before));
    }

    /// To be called when everything was delivered that the log has before this transaction.
    private void tellMissingBefore(Transaction transaction) {
        if (missing.isEmpty()) {
            return;
        }
        List<MissingRows> passed = missing.stream()
                .filter(rows -> transaction.commit().lsn().isAfter(rows.before))
                .toList();
        passed.forEach(rows -> tellMissing(rows.tables, transaction.commit()));
        missing.removeAll(passed);
    }

    private void tellMissing(Set<TableId> tables, Commit next) {
        FeedPosition place = window.leaveOut(tables, next);
        long number = ++sequence;
        tables.forEach(known::forgetTable);
        feed.forEachOfAny(tables, (subscription, named) -> {
            Withheld news = new Withheld(place, named, Reason.PUBLICATION_CHANGED);
            if (subscription.isLive()) {
                ordered.offer(subscription, number, news);
            } else {
                subscription.withhold(news);
            }
        });
    }

    void deliver(Transaction transaction) {
        tellMissingBefore(transaction);
        TransactionEvent event = new TransactionEvent();
        event.begin();
        SetAsideTables.News news = setAside.note(transaction);
        news.before().forEach(table -> tellSetAside(table, window.head()));
        TransactionDelivery pass = window.append(transaction, marks.of(transaction), known::passing);
        Outstanding outstanding = new Outstanding();
        pass.walk().forEach(encodings -> {
            event.changes++;
            offerOrHold(++sequence, encodings, outstanding);
        });
        news.after().forEach(table -> tellSetAside(table, window.head()));
        outstanding.whenDone(pass.whenDelivered());
        event.lsn = transaction.commit().lsn().value();
        event.inMemory = transaction.inMemory();
        event.commit();
    }

    private void tellSetAside(TableId table, FeedPosition position) {
        known.forgetTable(table);
        Withheld news = new Withheld(position, Set.of(table), Reason.TABLE_SET_ASIDE);
        long number = ++sequence;
        feed.forEachOf(table, subscription -> ordered.offer(subscription, number, news));
    }

    private void offerOrHold(long number, Encodings encodings, Outstanding outstanding) {
        counters.countChange();
        TableId table = encodings.change().table().id();
        if (!held.holds(table) && rights.isConfirmed(encodings.mark())) {
            offerNow(table, number, encodings, outstanding);
        } else {
            hold(table, number, encodings, outstanding);
        }
    }

    /// An error concerns this change only.
    private void offerNow(TableId table, long number, Encodings encodings, Outstanding outstanding) {
        try {
            offer(number, encodings, outstanding);
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            log.error("A change of {} could not be delivered", table, e);
            known.forgetTable(table);
            tellDropped(table, number, encodings);
        }
    }

    /// Offers a change to the subscriptions that it may concern.
    private void offer(long number, Encodings encodings, Outstanding outstanding) {
        FanOutEvent event = new FanOutEvent();
        event.begin();
        for (ChangeSubscription subscription : feed.inDoubt(encodings.change(), FanOut::isLive)) {
            ordered.offer(subscription, number, OrderedDelivery.withheld(encodings, Reason.UNCHANGED_VALUE));
        }
        Map<ChangeSubscription, List<Candidate>> matches = feed.matches(encodings.change(), FanOut::isLive);
        if (known.concerns(encodings.change().table().id())) {
            addKnowing(encodings, matches);
        }
        if (matches.isEmpty()) {
            return;
        }
        OrderedDelivery.Passing passing = ordered.new Passing(number, encodings, outstanding);
        matches.forEach(passing::offer);
        int asked = passing.finish();
        if (event.shouldCommit()) {
            event.table = encodings.change().table().id().toString();
            event.candidates = matches.size();
            event.asked = asked;
            event.commit();
        }
    }

    /// Adds the subscriptions that know the row. One that does not know it yet, because the row waits for it, is added
    /// before it could be missed: it waits until it knows the row.
    private void addKnowing(Encodings encodings, Map<ChangeSubscription, List<Candidate>> matches) {
        TableId table = encodings.change().table().id();
        ordered.forEachWaiting(subscription -> {
            if (subscription.memories().concern(table)) {
                List<Candidate> own = matches.computeIfAbsent(subscription, _ -> new ArrayList<>(1));
                subscription.memories().addAll(own, subscription.resolution(), encodings, FanOut::isLive);
            }
        });
        encodings
                .touched()
                .forEach(key -> known.forEachKnowing(key, binding -> {
                    ChangeSubscription subscription = binding.subscription();
                    List<Candidate> own = matches.computeIfAbsent(subscription, _ -> new ArrayList<>(1));
                    Candidate.add(
                            own, subscription.resolution(), binding.bindingId(), encodings.change(), FanOut::isLive);
                }));
    }

    /// A subscription that still reads the past finds this change there.
    private static boolean isLive(Bound bound, Position position) {
        return bound.subscription().isLiveAt(position);
    }

    // -- tables whose rights are being read

    private void hold(TableId table, long number, Encodings encodings, Outstanding outstanding) {
        int size = held.add(new HeldChange(number, nanoTime.getAsLong(), encodings, outstanding.one()));
        if (size > limits.changes()) {
            drop(table);
        }
        TableId largest = held.bytes() > PendingLimits.BYTES_MAX ? held.largest() : null;
        if (largest != null) {
            drop(largest);
        }
        release(table);
    }

    /// Has the table's rights confirmed and its changes offered, by a thread of its own.
    private void release(TableId table) {
        if (held.holds(table) && releasing.add(table)) {
            threads.execute(() -> releaseAll(table));
        }
    }

    private void releaseAll(TableId table) {
        try {
            Duration pause = CONFIRM_AGAIN_MIN;
            while (held.holds(table)) {
                if (tryOfferNext(table)) {
                    pause = CONFIRM_AGAIN_MIN;
                } else if (!tryConfirm(table)) {
                    Thread.sleep(pause);
                    pause = pause.compareTo(CONFIRM_AGAIN_MAX) < 0 ? pause.multipliedBy(2) : pause;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } finally {
            releasing.remove(table);
        }
        ordered.flushWaiting();
        release(table);
    }

    private boolean tryOfferNext(TableId table) {
        leaving.lock();
        try {
            HeldChange first = held.first(table);
            if (first == null || !rights.isConfirmed(first.encodings().mark())) {
                return false;
            }
            offerHeld(table, first);
            held.removeFirst(table);
            return true;
        } finally {
            leaving.unlock();
        }
    }

    private boolean tryConfirm(TableId table) {
        try {
            rights.confirm(table);
        } catch (SQLException e) {
            log.debug("The rights of {} could not be read: {}", table, e.getMessage());
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            log.error("The rights of {} could not be read", table, e);
        }
        HeldChange first = held.first(table);
        return first == null || rights.isConfirmed(first.encodings().mark());
    }

    private void offerHeld(TableId table, HeldChange change) {
        Outstanding parts = new Outstanding();
        offerNow(table, change.sequence(), change.encodings(), parts);
        parts.whenDone(change.done());
    }

    /// Drops what is held of the table, and tells the subscriptions concerned.
    private void drop(TableId table) {
        leaving.lock();
        try {
            List<HeldChange> dropped = held.all(table);
            if (!dropped.isEmpty()) {
                log.warn("The rights of {} could not be confirmed: {} changes are dropped", table, dropped.size());
                counters.countDropped(dropped.size());
                HeldChange last = dropped.getLast();
                known.forgetTable(table);
                tellDropped(table, last.sequence(), last.encodings());
                dropped.forEach(change -> {
                    held.removeFirst(table);
                    change.done().run();
                });
            }
        } finally {
            leaving.unlock();
        }
        ordered.flushWaiting();
    }

    private void tellDropped(TableId table, long number, Encodings last) {
        Withheld news = new Withheld(last.position(), Set.of(table), Reason.RIGHTS_STALE);
        feed.forEachOf(table, subscription -> ordered.offer(subscription, number, news));
    }

    /// Drops what was held for too long; to be called several times a second.
    void expire() {
        threads.startAgain();
        long oldest = nanoTime.getAsLong() - limits.time().toNanos();
        for (TableId table : held.tables()) {
            HeldChange first = held.first(table);
            if (first != null && first.sinceNanos() - oldest < 0) {
                drop(table);
            }
            release(table);
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
