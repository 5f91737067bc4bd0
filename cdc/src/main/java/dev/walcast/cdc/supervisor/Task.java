package dev.walcast.cdc.supervisor;

/// Work that a [Supervisor] keeps running, normally an endless loop.
@FunctionalInterface
public interface Task {
    /// Runs until it is interrupted. Whatever ends it earlier, the supervisor starts it again on a new thread. So it
    /// has to be able to begin anew in whatever state the last run left. It may return without being interrupted
    /// only after [Supervised#expectEnd()].
    ///
    /// @throws InterruptedException when the thread is interrupted
    void run() throws InterruptedException;
}
