package dev.walcast.cdc;

import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/// A committed transaction with its changes in their order.
///
/// It may be larger than memory. The thread that received the transaction can iterate over the changes, more
/// than once, before [ChangeListener#onTransaction(Transaction)] returns.
public interface Transaction {
    Commit commit();

    /// Whether all its changes are in memory, so that a copy of the list needs no memory for the rows.
    boolean inMemory();

    /// Returns every [Table] instance that has a change in the transaction, in the order of its first change.
    /// So the last instance of a [TableId] is the one of the table's last change. Does not iterate over the
    /// changes. The caller may keep the collection.
    Collection<Table> tables();

    /// Whether it holds a message that announces changed rights, such as the event trigger of `walcast setup`
    /// writes.
    boolean announcesRights();

    /// Returns the tables with rows that the reader could not read. Those rows are not among the changes.
    default Collection<SetAsideTable> setAside() {
        return List.of();
    }

    /// Calls the action for each change, in order.
    void forEach(Consumer<Change> action);

    /// Prevents that the transaction is acknowledged when [ChangeListener#onTransaction(Transaction)] returns.
    /// Must be called within that call, once.
    ///
    /// @return acknowledges the transaction; must be run once, by any thread
    Runnable defer();
}
