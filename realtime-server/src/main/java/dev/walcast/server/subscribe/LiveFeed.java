package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.RetriedExecutor;
import dev.walcast.filters.FilterCost;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.Viewer;
import dev.walcast.server.binding.Refusals;
import dev.walcast.server.delivery.Candidate;
import dev.walcast.server.delivery.ChangeSubscription;
import dev.walcast.server.delivery.ChangeSubscription.Settled;
import dev.walcast.server.delivery.ChangeSubscription.Wish;
import dev.walcast.server.delivery.KnownRows;
import dev.walcast.server.delivery.OrderedDelivery;
import dev.walcast.server.delivery.QuestionKind;
import dev.walcast.server.delivery.Resolution;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.delivery.SubscriptionFeed;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;
import dev.walcast.server.window.ReplayWindow;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The subscriptions of this node: resolves them against the database, keeps them in the index, and resolves them
/// again when a token, the rights or the shape of their tables change.
///
/// A subscription's entries stand in the index before it reads where the feed is; what enters the window later
/// finds them, and what entered it earlier is read from there. One thread at a time resolves a subscription, for its
/// latest token; a bounded number of subscriptions are resolved at once.
public final class LiveFeed implements ChangeFeed, SubscriptionFeed, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LiveFeed.class);
    /// Fewer than there are connections for patterns: the others are for questions about changes.
    private static final int PATTERNS_AT_ONCE = 2;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final SubscriptionIndex<Bound> index = new SubscriptionIndex<>();

    /// The last lock to be taken.
    private final ReentrantReadWriteLock exchange = new ReentrantReadWriteLock();

    private final Set<ChangeSubscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final BindingResolver resolver;
    private final ReplayWindow window;
    private final Resumption resumption;
    private final OrderedDelivery ordered;
    private final KnownRows known;
    private final ResolvingTurns turns = new ResolvingTurns();

    /// For subscriptions with patterns that Postgres compiles: one of a client at a time.
    private final ResolvingTurns patternTurns = new ResolvingTurns(PATTERNS_AT_ONCE, PATTERNS_AT_ONCE, 1);
    private final RetriedExecutor threads =
            new RetriedExecutor(Thread.ofVirtual().name("resolve-", 0).factory());

    public LiveFeed(
            BindingResolver resolver,
            ReplayWindow window,
            Resumption resumption,
            OrderedDelivery ordered,
            KnownRows known) {
        this.resolver = requireNonNull(resolver, "resolver is null");
        this.window = requireNonNull(window, "window is null");
        this.resumption = requireNonNull(resumption, "resumption is null");
        this.ordered = requireNonNull(ordered, "ordered is null");
        this.known = requireNonNull(known, "known is null");
    }

    @Override
    public Subscription subscribe(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver) {
        ChangeSubscription subscription = new ChangeSubscription(bindings, viewer, receiver, this);
        subscriptions.add(subscription);
        open(subscription, viewer);
        return subscription;
    }

    @Override
    public void changeViewer(ChangeSubscription subscription, Viewer viewer) {
        open(subscription, viewer);
    }

    private void open(ChangeSubscription subscription, @Nullable Viewer viewer) {
        Resolution former = subscription.lastSettled();
        if (subscription.open(viewer, resolver.now())) {
            threads.execute(() -> resolve(subscription, former));
        }
    }

    @Override
    public void resume(ChangeSubscription subscription) {
        Resolution former = subscription.lastSettled();
        if (subscription.unpause()) {
            threads.execute(() -> resolve(subscription, former));
        }
    }

    /// Starts what there was no thread for; to be called several times a second.
    public void startAgain() {
        threads.startAgain();
    }

    @Override
    public SubscriptionIndex<Bound> index() {
        return index;
    }

    /// Runs the action, which puts entries of the index in the place of others. No change is looked up meanwhile:
    /// it might pass the place of the new ones before they stand there, and that of the old ones after they left.
    @Override
    public void exchange(Runnable action) {
        exchange.writeLock().lock();
        try {
            action.run();
        } finally {
            exchange.writeLock().unlock();
        }
    }

    /// The subscriptions that a change may concern.
    ///
    /// @param wants whether a binding is interested in changes of a position
    public Map<ChangeSubscription, List<Candidate>> matches(Change change, BiPredicate<Bound, Position> wants) {
        exchange.readLock().lock();
        try {
            return Candidate.matches(index, change, wants);
        } finally {
            exchange.readLock().unlock();
        }
    }

    /// The subscriptions that the change may concern, which hangs on values that it does not carry.
    ///
    /// @param wants see [#matches]
    public Set<ChangeSubscription> inDoubt(Change change, BiPredicate<Bound, Position> wants) {
        Set<ChangeSubscription> found = new HashSet<>();
        exchange.readLock().lock();
        try {
            index.forEachInDoubt(change, entry -> {
                if (wants.test(entry.subscriber(), change.position())) {
                    found.add(entry.subscriber().subscription());
                }
            });
        } finally {
            exchange.readLock().unlock();
        }
        return found;
    }

    @Override
    public KnownRows knownRows() {
        return known;
    }

    /// How many channels are subscribed to changes.
    public int size() {
        return subscriptions.size();
    }

    @Override
    public void forget(ChangeSubscription subscription) {
        subscriptions.remove(subscription);
    }

    /// The subscription is to be told something within a second.
    @Override
    public void owes(ChangeSubscription subscription) {
        ordered.watch(subscription);
    }

    /// Calls the action for each live subscription that names the table, alone or by a wildcard.
    public void forEachOf(TableId table, Consumer<ChangeSubscription> action) {
        for (ChangeSubscription subscription : subscriptions) {
            if (subscription.isLive() && subscription.targets().stream().anyMatch(target -> target.includes(table))) {
                action.accept(subscription);
            }
        }
    }

    /// Calls the action for each subscription that names one of the tables, alone or by a wildcard, with what it names:
    /// of the tables under a wildcard only one.
    public void forEachOfAny(Set<TableId> tables, BiConsumer<ChangeSubscription, Set<TableId>> action) {
        for (ChangeSubscription subscription : subscriptions) {
            Set<TableId> named = new HashSet<>();
            for (Target target : subscription.targets()) {
                if (target instanceof Target.OneTable one) {
                    if (tables.contains(one.table())) {
                        named.add(one.table());
                    }
                } else {
                    tables.stream().filter(target::includes).findFirst().ifPresent(named::add);
                }
            }
            if (!named.isEmpty()) {
                action.accept(subscription, named);
            }
        }
    }

    /// The rights that subscriptions rest on.
    public Set<AccessQuestion> questionsInUse() {
        Set<AccessQuestion> questions = new HashSet<>();
        for (ChangeSubscription subscription : subscriptions) {
            questions.addAll(subscription.questions());
        }
        return questions;
    }

    /// The viewers of all subscriptions.
    public Set<Viewer> viewers() {
        Set<Viewer> viewers = new HashSet<>();
        for (ChangeSubscription subscription : subscriptions) {
            viewers.add(subscription.viewer());
        }
        return viewers;
    }

    /// Called when what roles may do, or the columns of tables, changed. When it returns, nothing is delivered under
    /// the former rights any more.
    public void onRightsChanged(Set<AccessQuestion> changed) {
        resumption.onRightsChanged(changed);
        for (ChangeSubscription subscription : subscriptions) {
            if (!Collections.disjoint(subscription.questions(), changed)) {
                open(subscription, null);
            }
        }
    }

    /// Fulfils one wish after the other, the latest first, until there is none.
    private void resolve(ChangeSubscription subscription, Resolution before) {
        Resolution former = before;
        Wish fulfilled = null;
        try {
            window.awaitReady();
            for (Wish wish = subscription.nextWish(null); wish != null; wish = subscription.nextWish(fulfilled)) {
                Attempts attempts = new Attempts();
                while (subscription.isLatest(wish) && !tryAnswer(subscription, wish, former, attempts)) {
                    Thread.sleep(RETRY_AFTER);
                }
                former = subscription.isLatest(wish) ? subscription.resolution() : former;
                fulfilled = wish;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            // Its thread ends with it, so that no later token would take effect.
            log.error("A subscription could not be resolved and is closed", e);
            subscription.close();
            throw e;
        }
    }

    private boolean tryAnswer(ChangeSubscription subscription, Wish wish, Resolution former, Attempts attempts)
            throws InterruptedException {
        List<String> warnings = new ArrayList<>();
        try {
            Resolution fresh = resolution(subscription, wish, warnings);
            announce(subscription, subscription.settle(wish, fresh, former, warnings), warnings);
        } catch (BindingRefusedException e) {
            subscription.refuse(wish, String.valueOf(e.getMessage()));
        } catch (SQLException e) {
            Optional<String> refusal = attempts.refusal(e);
            if (refusal.isEmpty()) {
                return false;
            }
            subscription.refuse(wish, "Unable to subscribe to changes: " + refusal.get());
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            log.error("A subscription could not be resolved", e);
            subscription.refuse(wish, "Unable to subscribe to changes: unexpected error, see the server's log");
        }
        return true;
    }

    private void announce(ChangeSubscription subscription, Settled settled, List<String> warnings) {
        switch (settled) {
            case OUTDATED -> {}
            case SAME_AS_BEFORE -> ordered.resume(subscription);
            case CHANGED -> {
                subscription.tellAgain(after -> {
                    FeedPlace place = Resumption.place(after, List.of());
                    subscription.receiver().onLive(warnings, Optional.of(place));
                });
                ordered.resume(subscription);
            }
            case FIRST -> begin(subscription, warnings, false);
            case AFTER_REFUSAL -> begin(subscription, warnings, true);
        }
    }

    /// A thread of its own: a replay may take long, and the subscription's token may change meanwhile.
    private void begin(ChangeSubscription subscription, List<String> warnings, boolean anew) {
        long number = subscription.beginning();
        threads.execute(() -> begin(subscription, number, warnings, anew));
    }

    private void begin(ChangeSubscription subscription, long number, List<String> warnings, boolean anew) {
        try {
            resumption.begin(subscription, number, warnings, anew);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            log.error("A subscription could not begin", e);
            subscription.giveUp(number, "Unable to subscribe to changes: unexpected error, see the server's log");
        }
    }

    private Resolution resolution(ChangeSubscription subscription, Wish wish, List<String> warnings)
            throws InterruptedException, BindingRefusedException, SQLException {
        Viewer viewer = wish.viewer();
        try (ResolvingTurns.Turn _ = turn(subscription, viewer)) {
            Resolution fresh = Resolution.settled(subscription, viewer);
            for (Binding binding : subscription.bindings()) {
                BindingSpec spec = binding.request().spec();
                BindingResolver.Resolved resolved = resolver.resolve(spec, viewer, wish.since());
                resumption.check(binding, spec, resolved, viewer);
                fresh.add(entry(fresh, binding, spec, resolved));
                warnings.addAll(resolved.warnings());
                resumption.note(viewer, resolved);
            }
            return fresh;
        }
    }

    /// A subscription with patterns waits for those of other clients, and takes no turn of others.
    private ResolvingTurns.Turn turn(ChangeSubscription subscription, Viewer viewer)
            throws InterruptedException, BindingRefusedException {
        double cost = 0;
        for (Binding binding : subscription.bindings()) {
            // one that is too complex by itself is refused when its table is known
            cost += Math.min(
                    FilterCost.MAX, FilterCost.of(binding.request().spec().filters()));
        }
        if (cost > FilterCost.OF_SUBSCRIPTION_MAX) {
            throw Refusals.tooSlow(ErrorCode.FILTER_TOO_COMPLEX);
        }
        ResolvingTurns kind = cost > 0 ? patternTurns : turns;
        return kind.take(subscription.tables(), subscription.client(viewer));
    }

    private static Entry<Bound> entry(
            Resolution resolution, Binding binding, BindingSpec spec, BindingResolver.Resolved resolved) {
        Bound bound = new Bound(
                resolution,
                binding.id(),
                spec.events(),
                spec.select(),
                spec.membership(),
                QuestionKind.of(resolved.filter()),
                resolved.view());
        return resolved.entry(spec, bound);
    }

    /// Called by the source's thread when what was received no longer leads to what comes.
    public void onNewEpoch() {
        for (ChangeSubscription subscription : subscriptions) {
            subscription.forgetRows();
            resumption.tellOfNewEpoch(subscription);
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
