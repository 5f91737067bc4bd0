package dev.walcast.cdc.supervisor;

/// Work that a [Supervisor] keeps running, normally an endless loop.
@FunctionalInterface
public interface Task {
    /// Runs until it is interrupted. When it ends earlier, the supervisor restarts it on a new thread. So it
    /// must be able to start in any state that the last run left. It may return without being interrupted only
    /// after [Supervised#expectEnd()].
    ///
    /// @throws InterruptedException when the thread is interrupted
    void run() throws InterruptedException;
}
