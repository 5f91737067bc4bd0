package dev.walcast.cdc.supervisor;

/// A [Task] that shows that it moves.
@FunctionalInterface
public interface ObservedTask {
    /// See [Task#run()].
    ///
    /// @param activity of this run; it must beat, or declare what it waits for
    /// @throws InterruptedException when the thread is interrupted
    void run(TaskActivity activity) throws InterruptedException;
}
