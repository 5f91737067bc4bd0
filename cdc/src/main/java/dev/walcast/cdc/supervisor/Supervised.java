package dev.walcast.cdc.supervisor;

/// A task of a [Supervisor]. Safe for any thread.
public interface Supervised extends AutoCloseable {
    /// Returns the current status.
    TaskStatus status();

    /// Allows the task to end: it is not restarted, and its end is not logged. Does not interrupt it. For tasks
    /// that must not be interrupted in the middle of their work.
    void expectEnd();

    /// Interrupts the task and waits for its end, at most [SupervisorPolicy#closeWithin()]. Does not restart
    /// it.
    @Override
    void close();
}
