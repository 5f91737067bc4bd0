package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.ChangeEvent;
import dev.walcast.filters.Predicate;
import dev.walcast.filters.SubscriptionIndex.Entry;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Viewer;
import dev.walcast.server.channel.Binding;
import dev.walcast.server.channel.ChangeFeed;
import dev.walcast.server.channel.ChangeReceiver;
import dev.walcast.server.channel.EncodedChange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One channel's registered bindings. Its lock guards which entries stand in the index and whether it is closed.
final class ChangeSubscription implements ChangeFeed.Subscription {
    private final List<Binding> bindings;
    private final ChangeReceiver receiver;
    private final LiveFeed feed;
    private final List<TableId> tables;
    private volatile Viewer viewer;

    /// Held while the database is asked, so that a later answer never makes room for an earlier one.
    private final ReentrantLock resolving = new ReentrantLock();

    private volatile List<Entry<Bound>> entries = List.of();
    private boolean closed;

    /// Live changes begin after this; null while it reads the past.
    private volatile @Nullable FeedPosition liveAfter;

    /// Held while the client gets a change or is told where it is.
    private final Object handing = new Object();

    private final AtomicBoolean started = new AtomicBoolean();

    /// How many changes each binding got from the past. Touched by the replaying thread only, until it is live.
    private final Map<Integer, Integer> replayed = new HashMap<>();

    /// How many of its changes wait for an answer of Postgres; what follows them has to wait as well.
    private final AtomicInteger waiting = new AtomicInteger();

    private volatile boolean filterMayAsk;
    private final AtomicBoolean told = new AtomicBoolean();

    /// What stands in the index: a binding of a subscription.
    ///
    /// @param events       what its client asked for
    /// @param select       the columns asked for besides the key; empty for all
    /// @param membership   whether UPDATEs that take rows into or out of view are told as INSERT and DELETE
    /// @param filterMayAsk whether its filter holds what only Postgres can say
    record Bound(
            ChangeSubscription subscription,
            int bindingId,
            Set<ChangeEvent> events,
            Set<String> select,
            boolean membership,
            boolean filterMayAsk) {
        static Bound of(
                ChangeSubscription subscription, int bindingId, BindingSpec spec, BindingResolver.Resolved resolved) {
            return new Bound(
                    subscription,
                    bindingId,
                    spec.events(),
                    spec.select(),
                    spec.membership(),
                    resolved.filter().mayAsk());
        }
    }

    ChangeSubscription(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver, LiveFeed feed) {
        this.bindings = List.copyOf(bindings);
        this.viewer = requireNonNull(viewer, "viewer is null");
        this.receiver = requireNonNull(receiver, "receiver is null");
        this.feed = requireNonNull(feed, "feed is null");
        this.tables = bindings.stream()
                .flatMap(binding -> BindingSpec.tableOf(binding.request()).stream())
                .distinct()
                .toList();
    }

    List<Binding> bindings() {
        return bindings;
    }

    Viewer viewer() {
        return viewer;
    }

    ChangeReceiver receiver() {
        return receiver;
    }

    /// The rights to single tables that the bindings rest on; wildcards are judged change by change.
    Set<Question> questions() {
        String role = viewer.role();
        return tables.stream().map(table -> new Question(role, table)).collect(Collectors.toUnmodifiableSet());
    }

    List<Entry<Bound>> entries() {
        return entries;
    }

    /// Whether this is the first call.
    boolean start() {
        return started.compareAndSet(false, true);
    }

    boolean isStarted() {
        return started.get();
    }

    /// Whether a change of this position is to be delivered as it passes.
    boolean isLiveAt(Position position) {
        FeedPosition after = liveAfter;
        return after != null && position.isAfter(after.position());
    }

    boolean isLive() {
        return liveAfter != null;
    }

    /// Goes live, or goes on where another epoch begins. Nothing is told and no change is handed over meanwhile, so
    /// that what waited for an answer of Postgres comes before it or never.
    ///
    /// @param tell tells the client
    void goLive(FeedPosition after, Runnable tell) {
        synchronized (handing) {
            liveAfter = after;
            tell.run();
        }
    }

    /// Does nothing before it is live.
    ///
    /// @param tell tells where it went live, to come back to: the window's head is ahead of what is on its way
    void tellAgain(Consumer<FeedPosition> tell) {
        synchronized (handing) {
            FeedPosition after = liveAfter;
            if (after != null) {
                tell.accept(after);
            }
        }
    }

    /// @param epoch of the change; nothing happens when the client was told of another one
    void hand(int[] ids, EncodedChange change, String epoch) {
        synchronized (handing) {
            FeedPosition after = liveAfter;
            if (after == null) {
                for (int id : ids) {
                    replayed.merge(id, 1, Integer::sum);
                }
            }
            if (after == null || after.epoch().equals(epoch)) {
                receiver.onChange(ids, change);
            }
        }
    }

    /// Only after it went live.
    int replayed(int bindingId) {
        return replayed.getOrDefault(bindingId, 0);
    }

    /// Its client begins anew. By the replaying thread.
    void forgetReplayed(int bindingId) {
        replayed.remove(bindingId);
    }

    AtomicInteger waiting() {
        return waiting;
    }

    /// Whether its client's own filters raise questions.
    boolean filterMayAsk() {
        return filterMayAsk;
    }

    /// Ends it: what it asks for costs more than it may.
    void giveUp(String message) {
        replaceEntries(List.of());
        receiver.onRefused(message);
    }

    /// Tells the client, once, that something could not be evaluated for it.
    void tellOnce(String message) {
        if (told.compareAndSet(false, true)) {
            receiver.onTrouble(message);
        }
    }

    ReentrantLock resolving() {
        return resolving;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /// Puts the new entries into the index before the old ones leave it, so that no change falls between; a
    /// subscription closed meanwhile gets none.
    ///
    /// @return whether that made a difference
    synchronized boolean replaceEntries(List<Entry<Bound>> fresh) {
        if (closed || (!entries.isEmpty() && sameFilters(entries, fresh))) {
            return false;
        }
        List<Entry<Bound>> old = entries;
        entries = List.copyOf(fresh);
        filterMayAsk = fresh.stream().anyMatch(entry -> entry.subscriber().filterMayAsk());
        entries.forEach(feed.index()::add);
        old.forEach(feed.index()::remove);
        return true;
    }

    private static boolean sameFilters(List<Entry<Bound>> some, List<Entry<Bound>> others) {
        return predicates(some).equals(predicates(others));
    }

    private static List<Predicate> predicates(List<Entry<Bound>> entries) {
        return entries.stream()
                .flatMap(entry -> Stream.concat(Stream.of(entry.predicate()), entry.before().stream()))
                .toList();
    }

    @Override
    public void changeViewer(Viewer fresh) {
        feed.changeViewer(this, fresh);
    }

    /// What is delivered from now on is judged by this viewer's rights.
    void become(Viewer fresh) {
        viewer = fresh;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            entries.forEach(feed.index()::remove);
            entries = List.of();
        }
        feed.forget(this);
    }
}
