package dev.walcast.cdc.supervisor;

/// A [Task] that reports its progress.
@FunctionalInterface
public interface ObservedTask {
    /// Runs the task; see [Task#run()].
    ///
    /// @param activity of this run; the task must beat, or declare its waits
    /// @throws InterruptedException when the thread is interrupted
    void run(TaskActivity activity) throws InterruptedException;
}
