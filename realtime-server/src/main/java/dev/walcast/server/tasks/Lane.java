package dev.walcast.server.tasks;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.supervisor.FatalErrors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs one channel's tasks one after the other, in the order in which they were given. Any thread may give a task. A
/// task that does not have to wait runs on the thread that gives it; others run on a virtual thread, which exists
/// only while there are tasks.
public final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    /// How many tasks may wait for one channel.
    public static final int WAITING_MAX = 256;

    private record Work(Runnable task, int size) {}

    private final Consumer<Runnable> starter;
    private final WaitingBytes bytes;
    private final Consumer<Throwable> onFailure;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Deque<Work> waiting = new ArrayDeque<>(0);

    /// Whether a thread runs tasks or is about to.
    @GuardedBy("lock")
    private boolean busy;

    /// @param starter   runs a task on a thread of its own, later when there is no thread; never throws
    /// @param bytes     bounds what waits in all lanes of one socket
    /// @param onFailure receives failures and errors of tasks on the virtual thread; a task that runs at
    ///                  once throws to its caller
    public Lane(Consumer<Runnable> starter, WaitingBytes bytes, Consumer<Throwable> onFailure) {
        this.starter = requireNonNull(starter, "starter is null");
        this.bytes = requireNonNull(bytes, "bytes is null");
        this.onFailure = requireNonNull(onFailure, "onFailure is null");
    }

    /// Runs the task at once, on the caller's thread, when no other task is before it and it does not have to wait.
    ///
    /// @param mayWait whether the task may have to wait for the database; called when no other task is before it
    /// @param size    how many bytes the task holds in memory
    /// @return false when there is no room for it to wait
    public boolean submit(Runnable task, BooleanSupplier mayWait, int size) {
        synchronized (lock) {
            if (busy || mayWait.getAsBoolean()) {
                if (waiting.size() >= WAITING_MAX || !bytes.tryTake(size)) {
                    return false;
                }
                enqueue(task, size);
                return true;
            }
            busy = true;
        }
        try {
            task.run();
        } finally {
            startThreadIfNeeded();
        }
        return true;
    }

    /// Runs the task after all that were given before, on another thread. It takes no room from the client's tasks,
    /// so the caller must bound how many wait.
    public void append(Runnable task) {
        synchronized (lock) {
            enqueue(task, 0);
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void enqueue(Runnable task, int size) {
        waiting.add(new Work(task, size));
        if (!busy) {
            busy = true;
            startThread();
        }
    }

    /// Leaves what was given while a caller's thread ran its task to a thread of the lane.
    private void startThreadIfNeeded() {
        synchronized (lock) {
            busy = !waiting.isEmpty();
            if (busy) {
                startThread();
            }
        }
    }

    private void startThread() {
        starter.accept(this::runAll);
    }

    private void runAll() {
        for (Work next = next(); next != null; next = next()) {
            try {
                next.task().run();
            } catch (Throwable e) {
                failed(e);
            } finally {
                bytes.giveBack(next.size());
            }
        }
    }

    /// Continues after any failure of a task: a later task may be the end of a right.
    private void failed(Throwable cause) {
        FatalErrors.check(cause);
        try {
            onFailure.accept(cause);
        } catch (Throwable e) {
            LOG.error("The failure of a channel could not be handled", e);
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
