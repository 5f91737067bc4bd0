package dev.walcast.cdc.testing;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.Transaction;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// Records every change and state.
public final class RecordingListener implements ChangeListener {
    public final List<Change> changes = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    public final List<SourceState> states = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    public final List<FeedStart> starts = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    /// The tables that the transactions set aside.
    public final List<SetAsideTable> setAside = java.util.Collections.synchronizedList(new java.util.ArrayList<>());

    /// The tables of each transaction with changes.
    public final List<Collection<Table>> tables = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    public final AtomicInteger transactions = new AtomicInteger();
    /// The number of changes before each transaction that announces rights, with or without changes.
    public final List<Integer> announcements = java.util.Collections.synchronizedList(new java.util.ArrayList<>());

    private final List<Runnable> deferred = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    private volatile boolean deferring;
    private volatile CountDownLatch held = new CountDownLatch(0);

    /// Blocks all further transactions.
    public void hold() {
        held = new CountDownLatch(1);
    }

    public void release() {
        held.countDown();
    }

    /// Defers all further acknowledgements.
    public void deferAcknowledgements() {
        deferring = true;
    }

    @Override
    public void onStart(FeedStart start) {
        starts.add(start);
    }

    @Override
    public void onTransaction(Transaction transaction) {
        try {
            held.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (transaction.announcesRights()) {
            announcements.add(changes.size());
        }
        if (deferring) {
            deferred.add(transaction.defer());
        }
        List<Change> all = new java.util.ArrayList<>();
        transaction.forEach(all::add);
        setAside.addAll(transaction.setAside());
        changes.addAll(all);
        if (!all.isEmpty()) {
            tables.add(transaction.tables());
            transactions.incrementAndGet();
        }
    }

    @Override
    public void onState(SourceState state) {
        states.add(state);
    }
}
