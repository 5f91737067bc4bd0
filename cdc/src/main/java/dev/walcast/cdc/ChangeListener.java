package dev.walcast.cdc;

/// Receives the feed. All methods are called by the source's own thread, one at a time.
public interface ChangeListener {
    /// Called before the first transaction, and again whenever the feed's epoch changed: what was received before
    /// no longer leads without a gap to what comes.
    default void onStart(FeedStart start) {}

    /// The next transaction in commit order, also one without changes. Returning acknowledges it, unless it was
    /// [deferred][Transaction#defer()]; while it does not return, the source waits, and so does the slot. An
    /// exception stops the source, and the transaction comes again after its restart.
    void onTransaction(Transaction transaction);

    /// The source went from one state to another.
    void onState(SourceState state);
}
