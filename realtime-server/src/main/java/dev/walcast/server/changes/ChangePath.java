package dev.walcast.server.changes;

import dev.walcast.cdc.Transaction;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Rights;
import dev.walcast.rls.RowGuard;
import dev.walcast.server.channel.ChangeFeed;
import java.util.Set;

/// The way of a change from the source to the channels, put together: subscriptions, guard, encoder.
public final class ChangePath implements AutoCloseable {
    private final LiveFeed feed;
    private final FanOut fanOut;
    private final ChangeCounters counters = new ChangeCounters();

    /// @param recordBytesMax beyond which only a change's small values are sent
    public ChangePath(Catalog catalog, Rights rights, String publication, int recordBytesMax) {
        this.feed = new LiveFeed(new BindingResolver(catalog, rights, publication));
        this.fanOut = new FanOut(feed.index(), new RowGuard(rights), new ChangeEncoder(recordBytesMax), counters);
        rights.onChange(feed::onRightsChanged);
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

    public ChangeCounters counters() {
        return counters;
    }

    /// How many channels are subscribed to changes.
    public int subscriptions() {
        return feed.size();
    }

    @Override
    public void close() {
        feed.close();
    }
}
