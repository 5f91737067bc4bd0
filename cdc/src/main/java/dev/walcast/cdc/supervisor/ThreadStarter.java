package dev.walcast.cdc.supervisor;

/// Starts threads for tasks.
@FunctionalInterface
public interface ThreadStarter {
    ThreadStarter VIRTUAL = (name, run) -> Thread.ofVirtual().name(name).start(run);

    /// Daemons, which do not keep the process alive.
    ThreadStarter PLATFORM = (name, run) -> Thread.ofPlatform().daemon().name(name).start(run);

    /// Returns a thread that was started. May fail with an [OutOfMemoryError] when the machine has no thread to give.
    Thread start(String name, Runnable run);
}
