package dev.walcast.cdc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/// One committed transaction's changes, in the order in which they were made.
///
/// It may be larger than memory: the changes can be walked, more than once, by the thread that received the
/// transaction, before [ChangeListener#onTransaction(Transaction)] returns.
public interface Transaction {
    Commit commit();

    /// Whether its changes are held in memory anyway, so that keeping them all costs no more than their rows.
    boolean inMemory();

    void forEach(Consumer<Change> action);

    /// Every version of a table that has a change in it, in order of first appearance.
    default Collection<Table> tables() {
        List<Table> tables = new ArrayList<>();
        forEach(change -> {
            if (!tables.contains(change.table())) {
                tables.add(change.table());
            }
        });
        return tables;
    }

    /// Keeps the transaction from being acknowledged when [ChangeListener#onTransaction(Transaction)] returns. To
    /// be called within that call, once.
    ///
    /// @return what acknowledges it, to be run once, by any thread
    Runnable defer();
}
