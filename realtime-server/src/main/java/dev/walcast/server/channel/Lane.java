package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Does one channel's work one piece after the other: on the socket's reader thread while nothing has to be waited for,
/// else on a virtual thread that exists only while there is work. Work is given by the reader thread only, so that it
/// is done in the order in which the client asked for it.
final class Lane {
    /// What may wait for one channel.
    static final int WAITING_MAX = 256;

    private record Work(Runnable task, int bytes) {}

    private final Semaphore bytesLeft;
    private final Consumer<RuntimeException> onFailure;
    private final Object lock = new Object();

    // guarded by lock
    private final Deque<Work> waiting = new ArrayDeque<>(0);
    private boolean busy;

    /// @param bytesLeft what may still wait in all the lanes of one socket
    /// @param onFailure for work on the virtual thread; on the reader thread it fails to the caller
    Lane(Semaphore bytesLeft, Consumer<RuntimeException> onFailure) {
        this.bytesLeft = requireNonNull(bytesLeft, "bytesLeft is null");
        this.onFailure = requireNonNull(onFailure, "onFailure is null");
    }

    /// Does the work at once, on the caller's thread, when nothing is before it and it does not have to wait.
    ///
    /// @param mayWait whether the work may have to wait for the database; asked when nothing is before it
    /// @param bytes   what the work holds in memory
    /// @return false when there is no room for it to wait
    boolean give(Runnable task, BooleanSupplier mayWait, int bytes) {
        synchronized (lock) {
            if (busy || mayWait.getAsBoolean()) {
                return enqueue(task, bytes);
            }
        }
        task.run();
        return true;
    }

    /// With the lock held.
    private boolean enqueue(Runnable task, int bytes) {
        if (waiting.size() >= WAITING_MAX || !bytesLeft.tryAcquire(bytes)) {
            return false;
        }
        waiting.add(new Work(task, bytes));
        if (!busy) {
            busy = true;
            Thread.ofVirtual().name("channel-lane").start(this::workOff);
        }
        return true;
    }

    private void workOff() {
        for (Work next = next(); next != null; next = next()) {
            try {
                next.task().run();
            } catch (RuntimeException e) {
                onFailure.accept(e);
            } finally {
                bytesLeft.release(next.bytes());
            }
        }
    }

    private @Nullable Work next() {
        synchronized (lock) {
            Work next = waiting.poll();
            busy = next != null;
            return next;
        }
    }
}
