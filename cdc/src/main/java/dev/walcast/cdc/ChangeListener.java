package dev.walcast.cdc;

/// Receives the changes of a source. The source's own thread calls all methods, one at a time.
public interface ChangeListener {
    /// Called before the first transaction, and again when the feed's epoch changes: then there may be a gap
    /// between the transactions before and after.
    default void onStart(FeedStart start) {}

    /// Receives the next transaction in commit order; it may have no changes. When this method returns, the
    /// transaction is acknowledged, unless it was [deferred][Transaction#defer()]. Until it returns, the source
    /// waits and the slot does not advance. After an exception the source stops, and the transaction is
    /// delivered again after its restart.
    void onTransaction(Transaction transaction);

    /// Called when the source's state changes.
    void onState(SourceState state);
}
