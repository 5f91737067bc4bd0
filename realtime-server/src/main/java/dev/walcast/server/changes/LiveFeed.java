package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.filters.SubscriptionIndex.Entry;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Viewer;
import dev.walcast.server.changes.ChangeSubscription.Bound;
import dev.walcast.server.channel.Binding;
import dev.walcast.server.channel.ChangeFeed;
import dev.walcast.server.channel.ChangeReceiver;
import dev.walcast.server.protocol.FeedPlace;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The subscriptions of this node: resolves them against the database, keeps them in the index, and resolves them
/// again when the rights or the shape of their tables change.
///
/// A subscription's entries stand in the index before it reads where the feed is; what enters the window later
/// finds them, and what entered it earlier is read from there. Resolving happens on virtual threads, a bounded
/// number at a time.
public final class LiveFeed implements ChangeFeed, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LiveFeed.class);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final int RESOLVING_AT_ONCE_MAX = 8;

    private final SubscriptionIndex<Bound> index = new SubscriptionIndex<>();
    private final Set<ChangeSubscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final BindingResolver resolver;
    private final ReplayWindow window;
    private final Resumption resumption;
    private final Semaphore resolvingAtOnce = new Semaphore(RESOLVING_AT_ONCE_MAX);
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("resolve-", 0).factory());

    LiveFeed(BindingResolver resolver, ReplayWindow window, Resumption resumption) {
        this.resolver = requireNonNull(resolver, "resolver is null");
        this.window = requireNonNull(window, "window is null");
        this.resumption = requireNonNull(resumption, "resumption is null");
    }

    @Override
    public Subscription subscribe(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver) {
        ChangeSubscription subscription = new ChangeSubscription(bindings, viewer, receiver, this);
        subscriptions.add(subscription);
        threads.execute(() -> resolve(subscription, viewer));
        return subscription;
    }

    void changeViewer(ChangeSubscription subscription, Viewer viewer) {
        threads.execute(() -> resolve(subscription, viewer));
    }

    SubscriptionIndex<Bound> index() {
        return index;
    }

    /// How many channels are subscribed to changes.
    public int size() {
        return subscriptions.size();
    }

    void forget(ChangeSubscription subscription) {
        subscriptions.remove(subscription);
    }

    /// The rights that subscriptions rest on.
    Set<Question> questionsInUse() {
        Set<Question> questions = new HashSet<>();
        for (ChangeSubscription subscription : subscriptions) {
            questions.addAll(subscription.questions());
        }
        return questions;
    }

    /// Everybody who is subscribed.
    Set<Viewer> viewers() {
        Set<Viewer> viewers = new HashSet<>();
        for (ChangeSubscription subscription : subscriptions) {
            viewers.add(subscription.viewer());
        }
        return viewers;
    }

    /// Called when what roles may do, or the columns of tables, changed.
    void onRightsChanged(Set<Question> changed) {
        resumption.onRightsChanged(changed);
        for (ChangeSubscription subscription : subscriptions) {
            if (!Collections.disjoint(subscription.questions(), changed)) {
                threads.execute(() -> resolve(subscription, subscription.viewer()));
            }
        }
    }

    /// Asks until the database answers or the channel is gone.
    private void resolve(ChangeSubscription subscription, Viewer viewer) {
        try {
            window.awaitReady();
            Attempts attempts = new Attempts();
            while (!subscription.isClosed() && !isAnswered(subscription, viewer, attempts)) {
                Thread.sleep(RETRY_AFTER);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isAnswered(ChangeSubscription subscription, Viewer viewer, Attempts attempts)
            throws InterruptedException {
        List<String> warnings = new ArrayList<>();
        try {
            if (!isRegistered(subscription, viewer, warnings)) {
                return true;
            }
        } catch (BindingRefusedException e) {
            return refused(subscription, viewer, String.valueOf(e.getMessage()));
        } catch (SQLException e) {
            Optional<String> refusal = attempts.refusal(e);
            return refusal.isPresent()
                    && refused(subscription, viewer, "Unable to subscribe to changes: " + refusal.get());
        } catch (RuntimeException e) {
            log.error("A subscription could not be resolved", e);
            return refused(
                    subscription, viewer, "Unable to subscribe to changes: unexpected error, see the server's log");
        }
        if (subscription.start()) {
            resumption.begin(subscription, warnings);
        } else {
            subscription.tellAgain(after -> {
                FeedPlace place = Resumption.place(after, List.of());
                subscription.receiver().onLive(warnings, Optional.of(place));
            });
        }
        return true;
    }

    private static boolean refused(ChangeSubscription subscription, Viewer viewer, String message) {
        subscription.become(viewer);
        subscription.giveUp(message);
        return true;
    }

    /// @return whether there is something new to tell
    private boolean isRegistered(ChangeSubscription subscription, Viewer viewer, List<String> warnings)
            throws InterruptedException, BindingRefusedException, SQLException {
        resolvingAtOnce.acquire();
        subscription.resolving().lock();
        try {
            List<Entry<Bound>> entries = entries(subscription, viewer, warnings);
            boolean changed = !viewer.equals(subscription.viewer());
            subscription.become(viewer);
            return subscription.replaceEntries(entries) || changed;
        } finally {
            subscription.resolving().unlock();
            resolvingAtOnce.release();
        }
    }

    private List<Entry<Bound>> entries(ChangeSubscription subscription, Viewer viewer, List<String> warnings)
            throws BindingRefusedException, SQLException {
        List<Entry<Bound>> entries = new ArrayList<>();
        for (Binding binding : subscription.bindings()) {
            BindingSpec spec = BindingSpec.read(binding.request());
            BindingResolver.Resolved resolved = resolver.resolve(spec, viewer);
            resumption.check(binding, spec, resolved, viewer);
            entries.add(resolved.entry(spec, Bound.of(subscription, binding.id(), spec, resolved)));
            warnings.addAll(resolved.warnings());
            resumption.note(viewer, resolved);
        }
        return entries;
    }

    /// Called by the source's thread when what was received no longer leads to what comes.
    void onNewEpoch() {
        subscriptions.forEach(resumption::tellOfNewEpoch);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
