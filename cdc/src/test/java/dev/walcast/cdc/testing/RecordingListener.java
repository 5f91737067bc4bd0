package dev.walcast.cdc.testing;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Transaction;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// Keeps every change and state it hears of.
public final class RecordingListener implements ChangeListener {
    public final List<Change> changes = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    public final List<SourceState> states = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    public final AtomicInteger transactions = new AtomicInteger();

    @Override
    public void onTransaction(Transaction transaction) {
        List<Change> all = new java.util.ArrayList<>();
        transaction.forEach(all::add);
        changes.addAll(all);
        transactions.incrementAndGet();
    }

    @Override
    public void onState(SourceState state) {
        states.add(state);
    }
}
