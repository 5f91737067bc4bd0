package dev.walcast.cdc.supervisor;

/// A task that was given to a [Supervisor]. Safe for any thread.
public interface Supervised extends AutoCloseable {
    TaskStatus status();

    /// From now on the task may end by itself: it is not started again, and its end is not logged. Does not interrupt
    /// it. For tasks that must not be interrupted in the middle of something.
    void expectEnd();

    /// Interrupts the task and waits for its end, within [SupervisorPolicy#closeWithin()]. Does not start it again.
    @Override
    void close();
}
