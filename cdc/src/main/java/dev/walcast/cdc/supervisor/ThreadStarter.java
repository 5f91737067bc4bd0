package dev.walcast.cdc.supervisor;

/// Starts the threads of tasks.
@FunctionalInterface
public interface ThreadStarter {
    /// Starts virtual threads.
    ThreadStarter VIRTUAL = (name, run) -> Thread.ofVirtual().name(name).start(run);

    /// Starts platform threads as daemons, which do not keep the process alive.
    ThreadStarter PLATFORM =
            (name, run) -> Thread.ofPlatform().daemon().name(name).start(run);

    /// Starts a thread and returns it. Throws an [OutOfMemoryError] when the machine has no free thread.
    Thread start(String name, Runnable run);
}
