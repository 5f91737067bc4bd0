package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.Viewer;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPlace.Resumed;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.window.BindingStart.Reason;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One channel's registered bindings. Its lock makes one order of everything that its client hears: changes, where it
/// is, and whose rights count.
public final class ChangeSubscription implements ChangeFeed.Subscription {
    /// How often a client is told at most that changes were withheld.
    private static final long NEWS_EVERY_NANOS = 1_000_000_000;

    private final List<Binding> bindings;
    private final ChangeReceiver receiver;
    private final SubscriptionFeed feed;
    private final List<TableId> tables;
    private final Object lock = new Object();
    private final RowMemories memories;
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean troubleTold = new AtomicBoolean();

    // written under the lock
    private volatile Resolution resolution;
    private volatile Resolution lastSettled;
    private volatile boolean closed;
    /// Live changes begin after this; null while it reads the past.
    private volatile @Nullable FeedPosition liveAfter;

    // guarded by lock
    private Wish wish;
    private boolean resolving;
    private int pauses;
    private boolean refused;
    private @Nullable Refused lastRefused;
    private List<String> warnedOf = List.of();
    private long beginning;
    private final PriorityQueue<PendingChange> pending = new PriorityQueue<>();
    private @Nullable Withheld owed;
    private long newsToldNanos;

    /// How many changes each binding got from the past. Touched by the replaying thread only, until it is live.
    private final Map<Integer, Integer> replayed = new HashMap<>();

    /// That a viewer's rights are to be looked up. Only the latest one counts.
    ///
    /// @param since when it came: no answer that was begun earlier counts
    public record Wish(long number, Viewer viewer, long since) {}

    /// Changes that the client may have been entitled to and did not get.
    ///
    /// @param position of the last of them
    /// @param tables   that they are of
    public record Withheld(FeedPosition position, Set<TableId> tables, Reason reason) {
        public Withheld {
            requireNonNull(position, "position is null");
            tables = Set.copyOf(tables);
            requireNonNull(reason, "reason is null");
        }

        Withheld and(Withheld later) {
            Set<TableId> all = new HashSet<>(tables);
            all.addAll(later.tables);
            return new Withheld(later.position, all, reason);
        }
    }

    public ChangeSubscription(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver, SubscriptionFeed feed) {
        this.bindings = List.copyOf(bindings);
        this.receiver = requireNonNull(receiver, "receiver is null");
        this.feed = requireNonNull(feed, "feed is null");
        this.tables = bindings.stream()
                .flatMap(binding -> binding.request().table().stream())
                .distinct()
                .toList();
        this.memories = new RowMemories(this, feed.knownRows());
        this.wish = new Wish(1, viewer, 0);
        this.resolution = Resolution.open(this, viewer, List.of());
        this.lastSettled = resolution;
        this.newsToldNanos = System.nanoTime() - NEWS_EVERY_NANOS;
    }

    /// What the client asked for. Does not change.
    public List<Binding> bindings() {
        return bindings;
    }

    /// Held while a change is decided and handed over, and while the client is told something.
    Object lock() {
        return lock;
    }

    /// Whose turns its work takes.
    public ClientKey client(Viewer viewer) {
        return ClientKey.of(viewer, receiver.address());
    }

    /// Where changes are handed to. To be called under the lock of the subscription.
    public ChangeReceiver receiver() {
        return receiver;
    }

    /// The viewer whose rights count: of the latest token, also while those are being looked up.
    public Viewer viewer() {
        return resolution.viewer();
    }

    /// The single tables that the bindings name.
    public List<TableId> tables() {
        return tables;
    }

    /// The rights to single tables that the bindings rest on; wildcards are judged change by change.
    public Set<AccessQuestion> questions() {
        String role = viewer().role();
        return tables.stream().map(table -> new AccessQuestion(role, table)).collect(Collectors.toUnmodifiableSet());
    }

    /// Which rows its client has.
    public RowMemories memories() {
        return memories;
    }

    // -- what its bindings mean

    /// What its bindings mean at the moment. Replaced under the lock only.
    public Resolution resolution() {
        return resolution;
    }

    /// What its bindings meant when that was last known.
    public Resolution lastSettled() {
        return lastSettled;
    }

    /// What stands in the index for it at the moment.
    public List<Entry<Bound>> entries() {
        return resolution.entries();
    }

    /// The tables that it concerns at the moment.
    public List<? extends Target> targets() {
        return resolution.entries().stream().map(Entry::target).toList();
    }

    /// Whether it is known what its bindings mean.
    public boolean isSettled() {
        return resolution.isSettled();
    }

    /// Whether the candidates were found by what the bindings mean now, and that is known.
    @SuppressWarnings("ReferenceEquality") // a resolution is only itself
    boolean isCurrent(List<Candidate> candidates) {
        Resolution current = resolution;
        for (Candidate candidate : candidates) {
            if (candidate.resolution() != current) {
                return false;
            }
        }
        return current.isSettled();
    }

    /// What a change that waits comes to by now; nothing while that is not known.
    List<Candidate> candidates(PendingChange change) {
        synchronized (lock) {
            if (closed || change.isOver() || !resolution.isSettled()) {
                return List.of();
            }
            return resolution.candidates(change.encodings(), (_, position) -> isLiveAt(position));
        }
    }

    /// Whether a change that waits may concern it, which hangs on values that the change does not carry.
    boolean isInDoubt(PendingChange change) {
        synchronized (lock) {
            return !closed
                    && resolution.isSettled()
                    && resolution.isInDoubt(change.encodings().change(), (_, position) -> isLiveAt(position));
        }
    }

    /// The costliest questions that its client's own filters raise.
    QuestionKind questionKind() {
        return resolution.questions();
    }

    /// Nothing is delivered from here on until the rights of this viewer are known.
    ///
    /// @param viewer null for the same one, whose rights may have changed
    /// @param now    a time of `BindingResolver.now`
    /// @return whether a thread has to be started that fulfils the wishes
    public boolean open(@Nullable Viewer viewer, long now) {
        synchronized (lock) {
            if (closed) {
                return false;
            }
            wish = new Wish(wish.number + 1, viewer == null ? wish.viewer : viewer, now);
            replace(Resolution.open(this, wish.viewer, resolution.entries()));
            return mayStart();
        }
    }

    private boolean mayStart() {
        boolean start = !resolving && pauses == 0;
        resolving |= start;
        return start;
    }

    /// The counterpart of [#pause()].
    ///
    /// @return whether a thread has to be started that fulfils the wishes
    public boolean unpause() {
        synchronized (lock) {
            pauses--;
            return !closed && !resolution.isSettled() && mayStart();
        }
    }

    /// The latest wish that was not fulfilled; null when there is none, and then the thread that asked ends.
    public @Nullable Wish nextWish(@Nullable Wish fulfilled) {
        synchronized (lock) {
            if (closed || pauses > 0 || wish.equals(fulfilled)) {
                resolving = false;
                return null;
            }
            return wish;
        }
    }

    /// Whether no later wish has come and the subscription is open.
    public boolean isLatest(Wish one) {
        synchronized (lock) {
            return !closed && wish.equals(one);
        }
    }

    /// What came of a wish.
    public enum Settled {
        /// A later wish counts, or it is closed.
        OUTDATED,
        FIRST,
        SAME_AS_BEFORE,
        CHANGED,
        /// It was refused before: changes in between were not delivered.
        AFTER_REFUSAL
    }

    /// @param former   what the bindings meant before the wish
    /// @param warnings what its client should know
    public Settled settle(Wish fulfilled, Resolution fresh, Resolution former, List<String> warnings) {
        synchronized (lock) {
            if (closed || !wish.equals(fulfilled)) {
                return Settled.OUTDATED;
            }
            replace(fresh);
            boolean warned = !warnings.equals(warnedOf);
            warnedOf = List.copyOf(warnings);
            boolean wasRefused = refused;
            refused = false;
            lock.notifyAll();
            boolean isFirst = started.compareAndSet(false, true);
            if (isFirst || wasRefused) {
                beginAnew();
                return isFirst ? Settled.FIRST : Settled.AFTER_REFUSAL;
            }
            boolean same = former.viewer().equals(fresh.viewer()) && former.sameFilters(fresh);
            return same && !warned ? Settled.SAME_AS_BEFORE : Settled.CHANGED;
        }
    }

    /// Ends the beginning that is under way, if there is one. Until another one is over, changes stay in the past,
    /// where that one finds them.
    private void beginAnew() {
        beginning++;
        liveAfter = null;
        replayed.clear();
        lock.notifyAll();
    }

    /// The number of the beginning that counts.
    public long beginning() {
        synchronized (lock) {
            return beginning;
        }
    }

    /// Whether this beginning still counts and the subscription is open.
    public boolean isBeginning(long number) {
        synchronized (lock) {
            return !closed && beginning == number;
        }
    }

    /// The new entries stand in the index before the old ones leave it, so that no change falls between.
    private void replace(Resolution fresh) {
        Resolution old = resolution;
        feed.exchange(() -> {
            fresh.entries().forEach(feed.index()::add);
            resolution = fresh;
            lastSettled = fresh.isSettled() ? fresh : lastSettled;
            old.entries().forEach(feed.index()::remove);
        });
        if (fresh.isSettled()) {
            memories.follow(fresh);
        }
    }

    /// Refuses what the wish asks for, unless a later wish counts. The same viewer is told the same once: it would hear
    /// that something it may not see was changed.
    public void refuse(Wish one, String message) {
        synchronized (lock) {
            if (!wish.equals(one)) {
                return;
            }
            Refused again = new Refused(one.viewer, message);
            if (refused && again.equals(lastRefused)) {
                replace(Resolution.settled(this, resolution.viewer()));
            } else {
                giveUp(message);
                lastRefused = again;
            }
        }
    }

    private record Refused(Viewer viewer, String message) {}

    /// Ends it: its client gets nothing until it joins again, or gets other rights.
    void giveUp(String message) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            replace(Resolution.settled(this, resolution.viewer()));
            refused = true;
            lastRefused = null;
            owed = null;
            beginAnew();
            dropPending();
            lock.notifyAll();
            receiver.onRefused(message);
        }
    }

    /// Gives up, unless another beginning counts.
    public void giveUp(long number, String message) {
        synchronized (lock) {
            if (beginning == number) {
                giveUp(message);
            }
        }
    }

    /// Waits until it is known what the bindings mean.
    ///
    /// @param number of the beginning that waits
    /// @return null when it was closed, or another beginning counts
    public @Nullable Resolution awaitSettled(long number) throws InterruptedException {
        synchronized (lock) {
            while (isBeginning(number) && !resolution.isSettled()) {
                lock.wait();
            }
            return isBeginning(number) ? resolution : null;
        }
    }

    // -- where it is

    /// Whether a change of this position is to be delivered as it passes.
    public boolean isLiveAt(Position position) {
        FeedPosition after = liveAfter;
        return after != null && position.isAfter(after.position());
    }

    /// Whether changes are delivered as they pass. False while it reads the past.
    public boolean isLive() {
        return liveAfter != null;
    }

    /// Goes live, unless another beginning counts.
    public void goLive(long number, FeedPosition after, Runnable tell) {
        synchronized (lock) {
            if (isBeginning(number)) {
                goLive(after, tell);
            }
        }
    }

    /// Goes on where another epoch begins, if it is live.
    public void goOn(FeedPosition after, Runnable tell) {
        synchronized (lock) {
            if (isLive()) {
                goLive(after, tell);
            }
        }
    }

    /// Goes live, or goes on where another epoch begins. Nothing is told and no change is handed over meanwhile, so
    /// that what waited for an answer of Postgres comes before it or never.
    ///
    /// @param tell tells the client
    private void goLive(FeedPosition after, Runnable tell) {
        synchronized (lock) {
            liveAfter = after;
            tell.run();
        }
    }

    /// Does nothing before it is live.
    ///
    /// @param tell tells where it went live, to come back to: the window's head is ahead of what is on its way
    public void tellAgain(Consumer<FeedPosition> tell) {
        synchronized (lock) {
            FeedPosition after = liveAfter;
            if (after != null) {
                tell.accept(after);
            }
        }
    }

    // -- what it gets

    /// In their order; guarded by the lock.
    PriorityQueue<PendingChange> pending() {
        return pending;
    }

    /// @param epoch of the change; nothing happens when the client was told of another one
    /// @return whether it was handed over
    boolean hand(int[] ids, EncodedChange change, String epoch) {
        synchronized (lock) {
            FeedPosition after = liveAfter;
            if (after == null) {
                for (int id : ids) {
                    replayed.merge(id, 1, Integer::sum);
                }
            }
            if (after == null || after.epoch().equals(epoch)) {
                receiver.onChange(ids, after == null ? change.asPast() : change);
                return true;
            }
            return false;
        }
    }

    /// Changes are missing: which rows its client has is not known any more.
    public void forgetRows() {
        synchronized (lock) {
            memories.forgetAll();
        }
    }

    /// A change was withheld: what became of its row is not known.
    public void forgetRow(Encodings encodings) {
        synchronized (lock) {
            memories.forget(encodings);
        }
    }

    /// Runs the action unless the bindings mean something else by now.
    ///
    /// @return whether it ran and says that it was successful
    @SuppressWarnings("ReferenceEquality") // a resolution is only itself
    public boolean whileCurrent(Resolution expected, BooleanSupplier action) {
        synchronized (lock) {
            return !closed && resolution == expected && action.getAsBoolean();
        }
    }

    /// Only after it went live.
    public int replayed(int bindingId) {
        return replayed.getOrDefault(bindingId, 0);
    }

    /// Its client begins anew. By the replaying thread.
    public void forgetReplayed(int bindingId) {
        replayed.remove(bindingId);
        synchronized (lock) {
            memories.forget(bindingId);
        }
    }

    /// Tells the client, once, that something could not be evaluated for it.
    void tellOnce(String message) {
        if (troubleTold.compareAndSet(false, true)) {
            receiver.onTrouble(message);
        }
    }

    /// Tells the client to read anew what it did not get: at once, or within a second when it was told just now.
    public void withhold(Withheld changes) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            Withheld before = owed;
            owed = before == null ? changes : before.and(changes);
            tellOwed();
            if (owed != null) {
                feed.owes(this);
            }
        }
    }

    boolean owesNews() {
        return owed != null;
    }

    /// Under the lock.
    void tellOwed() {
        Withheld news = owed;
        if (news != null && isLive() && System.nanoTime() - newsToldNanos >= NEWS_EVERY_NANOS) {
            owed = null;
            tell(news);
        }
    }

    /// Under the lock.
    void tell(Withheld latest) {
        Withheld before = owed;
        Withheld news = before == null ? latest : before.and(latest);
        FeedPosition after = liveAfter;
        if (after == null) {
            owed = news;
            return;
        }
        owed = null;
        newsToldNanos = System.nanoTime();
        List<Resumed> resets = entries().stream()
                .filter(entry -> news.tables.stream().anyMatch(entry.target()::includes))
                .map(entry -> entry.subscriber().bindingId())
                .distinct()
                .sorted()
                .map(id -> new Resumed(id, 0, Optional.of(news.reason.code()), OptionalLong.empty()))
                .toList();
        // A client that was told of another epoch knows already that it has to read anew.
        boolean isOfItsEpoch = after.epoch().equals(news.position.epoch());
        if (!closed && isOfItsEpoch && !resets.isEmpty()) {
            FeedPlace place = new FeedPlace(news.position.epoch(), news.position.toString(), resets);
            receiver.onLive(List.of(), Optional.of(place));
        }
    }

    // -- how it ends

    /// Whether nothing is delivered any more.
    public boolean isClosed() {
        return closed;
    }

    private void dropPending() {
        pending.forEach(PendingChange::finish);
        pending.clear();
    }

    @Override
    public void changeViewer(Viewer fresh) {
        feed.changeViewer(this, fresh);
    }

    @Override
    public void pause() {
        synchronized (lock) {
            pauses++;
            if (!closed && pauses == 1) {
                wish = new Wish(wish.number + 1, wish.viewer, wish.since);
                replace(Resolution.open(this, wish.viewer, resolution.entries()));
            }
        }
    }

    @Override
    public void resume() {
        feed.resume(this);
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            owed = null;
            replace(Resolution.settled(this, resolution.viewer()));
            dropPending();
            lock.notifyAll();
        }
        feed.forget(this);
    }
}
