package dev.walcast.cdc;

/// A feed of committed changes: the slot today, a stream fed by another node tomorrow.
public interface ChangeSource extends AutoCloseable {
    /// Checks the database, makes sure that the slot exists, and begins to deliver on a thread of its own.
    /// Returns when the slot exists: what is committed after that is delivered.
    ///
    /// @throws SourceException when somebody has to act first
    void start(ChangeListener listener) throws SourceException;

    SourceState state();

    /// Stops after the transaction at hand. Waits for it, at most ten seconds.
    @Override
    void close();
}
