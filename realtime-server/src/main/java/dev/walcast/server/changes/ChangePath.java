package dev.walcast.server.changes;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rows.RowReader;
import dev.walcast.server.delivery.Asker;
import dev.walcast.server.delivery.ChangeCounters;
import dev.walcast.server.delivery.Delivery;
import dev.walcast.server.delivery.HeldTables;
import dev.walcast.server.delivery.KnownRows;
import dev.walcast.server.delivery.OrderedDelivery;
import dev.walcast.server.delivery.PendingLimits;
import dev.walcast.server.encode.ChangeEncoder;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.rowkeys.KeyMemory;
import dev.walcast.server.snapshot.Snapshots;
import dev.walcast.server.subscribe.Beginning;
import dev.walcast.server.subscribe.BindingResolver;
import dev.walcast.server.subscribe.LiveFeed;
import dev.walcast.server.subscribe.Replay;
import dev.walcast.server.subscribe.Resumption;
import dev.walcast.server.subscribe.SetAsideTables;
import dev.walcast.server.subscribe.SnapshotQueries;
import dev.walcast.server.window.FeedStatus;
import dev.walcast.server.window.ReplayWindow;
import java.time.Duration;
import java.util.Set;
import java.util.function.LongSupplier;

/// The way of a change from the source to the channels, put together: subscriptions, guard, questions, encoder.
public final class ChangePath implements AutoCloseable {
    private static final Duration DROPPED_LATELY = Duration.ofMinutes(1);

    private final ReplayWindow window;
    private final LiveFeed feed;
    private final FanOut fanOut;
    private final OrderedDelivery ordered;
    private final Snapshots snapshots;
    private final KnownRows known;
    private final SetAsideTables setAside;
    private final ChangeCounters counters = new ChangeCounters();

    /// What the path asks of the database.
    public record Database(
            Catalog catalog,
            Rights rights,
            RowPolicies policies,
            FilterDatabase filters,
            RowEvaluator oracle,
            RowReader rows,
            String publication) {}

    /// @param recordBytesMax beyond which only a change's small values are sent
    /// @param pending        how much may wait for rights and answers of Postgres
    /// @param deleteKeys     what the keys of delivered rows may take
    /// @param nanoTime       a clock that never goes back
    public ChangePath(
            Database database,
            RowGuard.DeleteVisibility deletes,
            int recordBytesMax,
            ReplayLimits replay,
            PendingLimits pending,
            KeyMemory deleteKeys,
            LongSupplier nanoTime) {
        RowGuard guard = new RowGuard(database.rights, database.policies, deletes);
        this.window = new ReplayWindow(replay, new ChangeEncoder(recordBytesMax), nanoTime);
        Delivery delivery = new Delivery(guard, counters);
        Asker asker = new Asker(database.oracle, delivery);
        this.known =
                new KnownRows(deletes == RowGuard.DeleteVisibility.STRICT ? deleteKeys : KeyMemory.of(0), nanoTime);
        HeldTables held = new HeldTables();
        this.ordered = new OrderedDelivery(delivery, asker, held, pending, counters, nanoTime);
        this.setAside = new SetAsideTables(nanoTime);
        BindingResolver resolver = new BindingResolver(
                database.catalog,
                database.rights,
                guard,
                database.filters,
                setAside,
                database.publication,
                known.isOn());
        this.snapshots = new Snapshots(database.rows, window, replay.snapshots(), recordBytesMax, known);
        Beginning.Means means = new Beginning.Means(
                window,
                new Replay(window, delivery, asker, pending.time()),
                snapshots,
                resolver,
                new SnapshotQueries(replay));
        Resumption resumption = new Resumption(means, database.rights);
        this.feed = new LiveFeed(resolver, window, resumption, ordered, known);
        this.fanOut =
                new FanOut(feed, window, ordered, held, database.rights, known, setAside, pending, counters, nanoTime);
        database.rights.onChange(database.policies::forget);
        database.rights.onChange(feed::onRightsChanged);
    }

    /// Called by the source's thread before the first transaction of an epoch.
    public void begin(FeedStart start) {
        window.begin(start);
        feed.onNewEpoch();
    }

    /// Called by the source's thread.
    public void deliver(Transaction transaction) {
        fanOut.deliver(transaction);
    }

    /// Drops what has waited for rights or answers for too long, and tells the clients concerned; to be called several
    /// times a second.
    public void expire() {
        feed.startAgain();
        fanOut.expire();
        ordered.expire();
    }

    /// Has the subscribers of the tables told that rows may be missing. Safe for any thread.
    ///
    /// @param before a place of the log behind all rows that may be missing
    public void publicationChanged(Set<TableId> tables, Lsn before) {
        fanOut.tellMissing(tables, before);
    }

    /// How far everything was delivered, which the source must remember before [#settle].
    public Lsn deliveredThrough() {
        return window.deliveredThrough();
    }

    /// Lets go of what is too old or keeps too much log, and acknowledges what can be; to be called often.
    ///
    /// @param remembered what the source has remembered as delivered
    /// @param walBytesMax how much log the replay window may keep
    /// @return how many transactions left the replay window early because of the log they kept
    public int settle(Lsn remembered, Lsn walEnd, long walBytesMax) {
        return window.settle(remembered, walEnd, walBytesMax);
    }

    /// @param walEnd where the log ended when it was last asked
    public FeedStatus status(Lsn walEnd) {
        return window.status(walEnd);
    }

    /// The tables that the reader leaves out.
    public SetAsideTables setAside() {
        return setAside;
    }

    public ChangeFeed feed() {
        return feed;
    }

    /// The rights that subscriptions rest on, which must be kept fresh.
    public Set<AccessQuestion> questionsInUse() {
        return feed.questionsInUse();
    }

    /// The viewers of all subscriptions.
    public Set<Viewer> viewers() {
        return feed.viewers();
    }

    /// Whether changes were dropped in the last minute because rights or answers did not come in time.
    public boolean droppedLately() {
        return counters.droppedWithin(DROPPED_LATELY);
    }

    /// How many tables the reader leaves out.
    public int tablesSetAside() {
        return setAside.size();
    }

    public ChangeCounters counters() {
        return counters;
    }

    /// How many subscriptions wait for rights or answers of Postgres, or are to be told something.
    public int waiting() {
        return ordered.waiting();
    }

    /// How often rows were read for clients that begin with them.
    public long snapshots() {
        return snapshots.readings();
    }

    /// How many of those are under way.
    public int snapshotsUnderWay() {
        return snapshots.reading();
    }

    /// How many clients wait for a reading that has not begun.
    public int waitingSnapshots() {
        return snapshots.waiting();
    }

    /// How much memory the keys of delivered rows take.
    public long deleteKeysBytes() {
        return known.bytes();
    }

    /// How often a binding had to forget the keys of its rows, to make room.
    public long deleteKeysEvictions() {
        return known.evictions();
    }

    /// How many channels are subscribed to changes.
    public int subscriptions() {
        return feed.size();
    }

    @Override
    public void close() {
        window.close();
        fanOut.close();
        ordered.close();
        snapshots.close();
        feed.close();
    }
}
