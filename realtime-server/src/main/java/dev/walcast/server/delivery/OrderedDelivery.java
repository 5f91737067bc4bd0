package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.server.delivery.Asker.Asking;
import dev.walcast.server.delivery.Asker.Inquiry;
import dev.walcast.server.delivery.ChangeSubscription.Withheld;
import dev.walcast.server.delivery.QuestionLanes.Waiting;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.rowkeys.RowKey;
import dev.walcast.server.window.BindingStart.Reason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands each subscription its changes in their order. A change that cannot be decided yet waits in its subscription's
/// queue, and the later ones of the same subscription wait behind it; other subscriptions go on. Safe for any thread.
///
/// The lock of a subscription is held while a change is decided and handed over. No other lock of this package is taken
/// under it but the ones of [HeldTables] and of the index.
public final class OrderedDelivery implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OrderedDelivery.class);

    private final Delivery delivery;
    private final HeldTables held;
    private final QuestionLanes lanes;
    private final PendingLimits limits;
    private final ChangeCounters counters;
    private final LongSupplier nanoTime;
    private final Set<ChangeSubscription> waiting = ConcurrentHashMap.newKeySet();
    private final PendingTotal total = new PendingTotal();
    private final ReentrantLock relieving = new ReentrantLock();

    public OrderedDelivery(
            Delivery delivery,
            Asker asker,
            HeldTables held,
            PendingLimits limits,
            ChangeCounters counters,
            LongSupplier nanoTime) {
        this.counters = requireNonNull(counters, "counters is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
        this.held = requireNonNull(held, "held is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.lanes = new QuestionLanes(asker, this::answered);
    }

    /// One change on its way to the subscriptions that it may concern.
    public final class Passing {
        private final long sequence;
        private final Encodings encodings;
        private final Outstanding outstanding;
        private final Delivery.Judge judge;
        private final AtomicInteger queued = new AtomicInteger();
        private final Map<QuestionKind, List<Waiting>> questions = new EnumMap<>(QuestionKind.class);

        /// @param sequence its place among all changes of the feed
        public Passing(long sequence, Encodings encodings, Outstanding outstanding) {
            this.sequence = sequence;
            this.encodings = encodings;
            this.outstanding = outstanding;
            this.judge = delivery.judging(encodings);
        }

        /// Hands the change to the subscription, or queues it. [#finish] is to be called after the last one.
        public void offer(ChangeSubscription subscription, List<Candidate> candidates) {
            synchronized (subscription.lock()) {
                if (subscription.isClosed()
                        || isUnknown(subscription, candidates)
                        || handOrFail(subscription, candidates)) {
                    return;
                }
                queue(subscription, candidates);
            }
            relieve();
            flush(subscription);
        }

        /// Whether it was offered only because its client may have known the row.
        private boolean isUnknown(ChangeSubscription subscription, List<Candidate> candidates) {
            for (Candidate candidate : candidates) {
                if (!candidate.isUnfound()) {
                    return false;
                }
            }
            return !subscription.memories().mayKnow(encodings);
        }

        private boolean handOrFail(ChangeSubscription subscription, List<Candidate> candidates) {
            try {
                return tryHand(subscription, candidates);
            } catch (RuntimeException | StackOverflowError | LinkageError e) {
                failed(subscription, encodings, e);
                return true;
            }
        }

        private boolean tryHand(ChangeSubscription subscription, List<Candidate> candidates) {
            return subscription.pending().isEmpty()
                    && subscription.isCurrent(candidates)
                    && (held.isEmpty() || held.barrier(subscription.targets()) >= sequence)
                    && delivery.tryDeliver(candidates, encodings, RowAnswers.NONE, judge);
        }

        private void queue(ChangeSubscription subscription, List<Candidate> candidates) {
            Runnable finished = outstanding.one();
            begin();
            RowKey expected = subscription.memories().expect(encodings);
            PendingChange change = PendingChange.of(sequence, nanoTime.getAsLong(), encodings, () -> {
                end();
                subscription.memories().unexpect(expected);
                finished.run();
            });
            subscription.pending().add(change);
            waiting.add(subscription);
            if (isTooMuch(subscription)) {
                drop(subscription);
            } else if (subscription.isCurrent(candidates)
                    && !delivery.isDecided(candidates, encodings, RowAnswers.NONE, judge)) {
                boolean _ = change.beginAsking();
                questions
                        .computeIfAbsent(subscription.questionKind(), _ -> new ArrayList<>())
                        .add(new Waiting(subscription, change));
            }
        }

        /// One more subscription waits for it; its row is in memory once for all of them.
        private void begin() {
            total.add(1, queued.getAndIncrement() == 0 ? encodings.change().bytes() : 0);
        }

        private void end() {
            total.add(-1, queued.decrementAndGet() == 0 ? -encodings.change().bytes() : 0);
        }

        /// @return how many subscriptions wait for an answer about it
        public int finish() {
            int size = 0;
            for (Map.Entry<QuestionKind, List<Waiting>> some : questions.entrySet()) {
                ask(some.getValue(), some.getKey());
                size += some.getValue().size();
            }
            return size;
        }
    }

    /// @param news of something that was dropped, at its place among the subscription's changes
    public void offer(ChangeSubscription subscription, long sequence, Withheld news) {
        synchronized (subscription.lock()) {
            if (subscription.isClosed()) {
                return;
            }
            total.add(1, 0);
            subscription
                    .pending()
                    .add(PendingChange.news(sequence, nanoTime.getAsLong(), news, () -> total.add(-1, 0)));
            waiting.add(subscription);
            if (isTooMuch(subscription)) {
                drop(subscription);
            }
        }
        relieve();
        flush(subscription);
    }

    private boolean isTooMuch(ChangeSubscription subscription) {
        return subscription.pending().size() > limits.changes();
    }

    /// Drops what has waited longest when too much waits in all: that is what a slow policy or a silent catalog holds
    /// up. What has just begun to wait is left alone. Holds no subscription's lock.
    private void relieve() {
        if (!total.isTooMuch() || !relieving.tryLock()) {
            return;
        }
        try {
            record Longest(ChangeSubscription subscription, long sinceNanos) {}
            long now = nanoTime.getAsLong();
            List<Longest> longest = new ArrayList<>();
            for (ChangeSubscription subscription : waiting) {
                synchronized (subscription.lock()) {
                    PendingChange first = subscription.pending().peek();
                    if (first != null) {
                        longest.add(new Longest(subscription, now - first.sinceNanos()));
                    }
                }
            }
            longest.sort(Comparator.comparingLong(Longest::sinceNanos).reversed());
            for (Longest one : longest) {
                if (total.isRelieved()) {
                    return;
                }
                drop(one.subscription);
            }
        } finally {
            relieving.unlock();
        }
    }

    /// Hands over what can be, in order.
    void flush(ChangeSubscription subscription) {
        List<Waiting> ask = new ArrayList<>(0);
        synchronized (subscription.lock()) {
            PendingChange next = subscription.pending().peek();
            while (next != null && finishOrFail(subscription, next, ask)) {
                if (!next.isOver()) {
                    subscription.pending().poll();
                    next.finish();
                }
                next = subscription.pending().peek();
            }
            if (next == null && !subscription.owesNews()) {
                waiting.remove(subscription);
            }
        }
        ask(subscription, ask);
    }

    /// Under the subscription's lock. What goes wrong concerns this change and this subscription only.
    private boolean finishOrFail(ChangeSubscription subscription, PendingChange next, List<Waiting> ask) {
        try {
            return tryFinish(subscription, next, ask);
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            if (next.news() == null) {
                failed(subscription, next.encodings(), e);
            } else {
                log.error("A subscription could not be told what it did not get", e);
            }
            return true;
        }
    }

    private void failed(ChangeSubscription subscription, Encodings encodings, Throwable e) {
        log.error(
                "A change of {} could not be delivered",
                encodings.change().table().id(),
                e);
        counters.countFailure();
        tell(() -> {
            subscription.forgetRow(encodings);
            subscription.withhold(withheld(encodings, Reason.SERVER_ERROR));
        });
    }

    private static void tell(Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            log.error("A subscription could not be told what it did not get", e);
        }
    }

    private boolean tryFinish(ChangeSubscription subscription, PendingChange next, List<Waiting> ask) {
        if (subscription.isClosed()) {
            return true;
        }
        if (next.sequence() > held.barrier(subscription.targets()) || !subscription.isSettled() || next.isAsking()) {
            return false;
        }
        Withheld news = next.news();
        if (news != null) {
            tell(subscription, news);
            return true;
        }
        List<Candidate> candidates = subscription.candidates(next);
        if (subscription.isInDoubt(next)) {
            subscription.withhold(withheld(next.encodings(), Reason.UNCHANGED_VALUE));
        }
        if (delivery.tryDeliver(candidates, next.encodings(), next.answers())) {
            return true;
        }
        if (next.beginAsking()) {
            ask.add(new Waiting(subscription, next));
            return false;
        }
        log.warn(
                "A change stays undecided and is withheld: {}", next.encodings().position());
        subscription.forgetRow(next.encodings());
        subscription.withhold(withheld(next.encodings(), Reason.POLICY_TIMEOUT));
        return true;
    }

    /// What each change of a table may cause is told once a second at most.
    private static void tell(ChangeSubscription subscription, Withheld news) {
        if (news.reason() == Reason.UNCHANGED_VALUE) {
            subscription.withhold(news);
        } else {
            subscription.tell(news);
        }
    }

    /// News that this change was withheld.
    public static Withheld withheld(Encodings encodings, Reason reason) {
        return new Withheld(
                encodings.position(), Set.of(encodings.change().table().id()), reason);
    }

    /// A subscription was resolved: everything that waited for that is decided, or asked about, anew.
    public void resume(ChangeSubscription subscription) {
        List<Waiting> ask = new ArrayList<>();
        synchronized (subscription.lock()) {
            for (PendingChange change : subscription.pending()) {
                if (change.news() == null && !change.isAsking() && isUndecided(subscription, change)) {
                    change.beginAskingAnew();
                    ask.add(new Waiting(subscription, change));
                }
            }
        }
        ask(subscription, ask);
        flush(subscription);
    }

    private boolean isUndecided(ChangeSubscription subscription, PendingChange change) {
        Encodings encodings = change.encodings();
        Delivery.Judge judge = delivery.judging(encodings);
        return !delivery.isDecided(subscription.candidates(change), encodings, change.answers(), judge);
    }

    private void ask(ChangeSubscription subscription, List<Waiting> changes) {
        for (Waiting change : changes) {
            ask(List.of(change), subscription.questionKind());
        }
    }

    private void ask(List<Waiting> changes, QuestionKind kind) {
        if (!changes.isEmpty() && !lanes.ask(changes, kind, limits.changes())) {
            for (Waiting one : changes) {
                overflow(one.subscription(), kind);
            }
        }
    }

    private void overflow(ChangeSubscription subscription, QuestionKind kind) {
        if (kind != QuestionKind.POLICY) {
            subscription.giveUp("The filter asks too much of the database: " + limits.changes()
                    + " changes wait for its answer. Subscribe with a filter that is easier to decide.");
        } else {
            drop(subscription);
        }
    }

    private void answered(Waiting waiting, @Nullable Asking asking, @Nullable Inquiry inquiry) {
        synchronized (waiting.subscription().lock()) {
            boolean given =
                    asking != null && inquiry != null && !asking.failed().contains(inquiry);
            waiting.change().answer(given ? requireNonNull(asking).outcome() : RowAnswers.NONE);
        }
        flush(waiting.subscription());
    }

    // -- what waited for too long, or is too much

    /// Drops everything that waits for the subscription, and tells it.
    void drop(ChangeSubscription subscription) {
        synchronized (subscription.lock()) {
            FeedPosition last = null;
            Set<TableId> tables = new HashSet<>();
            Reason reason = Reason.RIGHTS_STALE;
            for (PendingChange change = subscription.pending().poll();
                    change != null;
                    change = subscription.pending().poll()) {
                Withheld known =
                        change.news() == null ? withheld(change.encodings(), Reason.RIGHTS_STALE) : change.news();
                last = known.position();
                tables.addAll(known.tables());
                reason = change.isAsking() ? Reason.POLICY_TIMEOUT : reason;
                change.finish();
                counters.countDropped(1);
            }
            if (last != null) {
                subscription.forgetRows();
                log.warn("Changes of {} waited for too long; a subscription is told to read anew", tables);
                Withheld dropped = new Withheld(last, tables, reason);
                tell(() -> subscription.withhold(dropped));
            }
            if (!subscription.owesNews()) {
                waiting.remove(subscription);
            }
        }
    }

    /// Drops what has waited for too long, and tells what is owed; to be called several times a second.
    public void expire() {
        lanes.purge();
        long oldest = nanoTime.getAsLong() - limits.time().toNanos();
        for (ChangeSubscription subscription : waiting) {
            boolean late;
            synchronized (subscription.lock()) {
                PendingChange first = subscription.pending().peek();
                late = first != null && first.sinceNanos() - oldest < 0;
                tell(subscription::tellOwed);
            }
            if (late) {
                drop(subscription);
            } else {
                flush(subscription);
            }
        }
    }

    /// Flushes the subscriptions that wait; to be called after a table is not held any more.
    public void flushWaiting() {
        waiting.forEach(this::flush);
    }

    /// Names the subscriptions for which something waits.
    public void forEachWaiting(Consumer<ChangeSubscription> action) {
        waiting.forEach(action);
    }

    /// To be looked at by [#expire].
    public void watch(ChangeSubscription subscription) {
        waiting.add(subscription);
    }

    /// How many subscriptions wait for something.
    public int waiting() {
        return waiting.size();
    }

    @Override
    public void close() {
        lanes.close();
    }
}
