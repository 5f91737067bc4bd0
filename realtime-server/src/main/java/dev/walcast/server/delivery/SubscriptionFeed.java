package dev.walcast.server.delivery;

import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.rls.Viewer;
import dev.walcast.server.delivery.Resolution.Bound;

/// What a subscription needs of the feed that it belongs to. Safe for any thread.
public interface SubscriptionFeed {
    /// Finds the bindings that a change may concern. To be changed within [#exchange] only.
    SubscriptionIndex<Bound> index();

    /// Runs the action, which puts entries of the index in the place of others. No change is looked up meanwhile:
    /// it might pass the place of the new ones before they stand there, and that of the old ones after they left.
    void exchange(Runnable action);

    /// Which bindings know which rows.
    KnownRows knownRows();

    /// The subscription is to be told something within a second.
    void owes(ChangeSubscription subscription);

    /// Goes on for another viewer, whose rights are looked up first.
    void changeViewer(ChangeSubscription subscription, Viewer viewer);

    /// Looks up what could not be looked up while the subscription paused.
    void resume(ChangeSubscription subscription);

    /// The subscription was closed.
    void forget(ChangeSubscription subscription);
}
