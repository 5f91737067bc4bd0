package dev.walcast.cdc;

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

    /// Every [Table] instance that has a change in the transaction, in the order of its first change. So the last
    /// instance of a [TableId] is the one of the table's last change. Does not walk the changes. May be kept.
    Collection<Table> tables();

    /// Whether it holds a message which says that it changes rights, such as the event trigger of `walcast setup`
    /// writes.
    /// Any role may write one, so it may be false.
    boolean announcesRights();

    /// The tables of which rows were left out, since the reader could not read them. None of those is among the
    /// changes.
    default Collection<SetAsideTable> setAside() {
        return List.of();
    }

    void forEach(Consumer<Change> action);

    /// Keeps the transaction from being acknowledged when [ChangeListener#onTransaction(Transaction)] returns. To
    /// be called within that call, once.
    ///
    /// @return what acknowledges it, to be run once, by any thread
    Runnable defer();
}
