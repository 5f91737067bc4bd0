package dev.walcast.server.changes;

import dev.walcast.cdc.Transaction;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Oracle;
import dev.walcast.rls.Rights;
import dev.walcast.rls.RowGuard;
import dev.walcast.rls.RowPolicies;
import dev.walcast.rls.Viewer;
import dev.walcast.server.channel.ChangeFeed;
import java.util.Set;

/// The way of a change from the source to the channels, put together: subscriptions, guard, questions, encoder.
public final class ChangePath implements AutoCloseable {
    private final LiveFeed feed;
    private final FanOut fanOut;
    private final AskingLane filterLane;
    private final AskingLane policyLane;
    private final ChangeCounters counters = new ChangeCounters();

    /// What the path asks of the database.
    public record Database(
            Catalog catalog,
            Rights rights,
            RowPolicies policies,
            FilterDatabase filters,
            Oracle oracle,
            String publication) {}

    /// @param recordBytesMax beyond which only a change's small values are sent
    public ChangePath(Database database, RowGuard.Deletes deletes, int recordBytesMax) {
        RowGuard guard = new RowGuard(database.rights, database.policies, deletes);
        this.feed = new LiveFeed(new BindingResolver(
                database.catalog, database.rights, database.policies, guard, database.filters, database.publication));
        Delivery delivery = new Delivery(guard, new ChangeEncoder(recordBytesMax), counters);
        this.filterLane = new AskingLane("ask-filters", database.oracle, delivery, false);
        this.policyLane = new AskingLane("ask-policies", database.oracle, delivery, true);
        this.fanOut = new FanOut(feed.index(), delivery, filterLane, policyLane, counters);
        database.rights.onChange(feed::onRightsChanged);
        database.policies.onChange(feed::onRightsChanged);
    }

    /// Called by the source's thread.
    public void deliver(Transaction transaction) {
        fanOut.deliver(transaction);
    }

    public ChangeFeed feed() {
        return feed;
    }

    /// The rights that subscriptions rest on, which must be kept fresh.
    public Set<Question> questionsInUse() {
        return feed.questionsInUse();
    }

    /// Everybody who is subscribed.
    public Set<Viewer> viewers() {
        return feed.viewers();
    }

    public ChangeCounters counters() {
        return counters;
    }

    /// How many channels are subscribed to changes.
    public int subscriptions() {
        return feed.size();
    }

    @Override
    public void close() {
        filterLane.close();
        policyLane.close();
        feed.close();
    }
}
