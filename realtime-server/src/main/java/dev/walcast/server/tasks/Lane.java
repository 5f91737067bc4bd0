package dev.walcast.server.tasks;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does one channel's work one piece after the other, in the order in which it is given. Any thread may give work. What
/// does not have to wait is done by the thread that gives it, else a virtual thread does it, which exists only while
/// there is work.
public final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    /// What may wait for one channel.
    public static final int WAITING_MAX = 256;

    private record Work(Runnable task, int size) {}

    private final Consumer<Runnable> starter;
    private final WaitingBytes bytes;
    private final Consumer<Throwable> onFailure;
    private final Object lock = new Object();

    // guarded by lock
    private final Deque<Work> waiting = new ArrayDeque<>(0);

    /// Whether a thread does work, or is about to.
    private boolean busy;

    /// @param starter   runs what it is given on a thread of its own, later when there is none; never throws
    /// @param bytes     what may wait in all the lanes of one socket
    /// @param onFailure for work on the virtual thread, errors included; work done at once fails to the caller
    public Lane(Consumer<Runnable> starter, WaitingBytes bytes, Consumer<Throwable> onFailure) {
        this.starter = requireNonNull(starter, "starter is null");
        this.bytes = requireNonNull(bytes, "bytes is null");
        this.onFailure = requireNonNull(onFailure, "onFailure is null");
    }

    /// Does the work at once, on the caller's thread, when nothing is before it and it does not have to wait.
    ///
    /// @param mayWait whether the work may have to wait for the database; asked when nothing is before it
    /// @param size    how many bytes the work holds in memory
    /// @return false when there is no room for it to wait
    public boolean give(Runnable task, BooleanSupplier mayWait, int size) {
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
            goOn();
        }
        return true;
    }

    /// Does the work after what was given before, on another thread. It takes no room from the client's work, so the
    /// caller sees to it that only few pieces wait.
    public void append(Runnable task) {
        synchronized (lock) {
            enqueue(task, 0);
        }
    }

    /// With the lock held.
    private void enqueue(Runnable task, int size) {
        waiting.add(new Work(task, size));
        if (!busy) {
            busy = true;
            startThread();
        }
    }

    /// What was given while a caller's thread did its work is left to a thread of the lane.
    private void goOn() {
        synchronized (lock) {
            busy = !waiting.isEmpty();
            if (busy) {
                startThread();
            }
        }
    }

    private void startThread() {
        starter.accept(this::workOff);
    }

    private void workOff() {
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

    /// The lane goes on whatever happens to one piece of work: what follows may be the end of a right.
    private void failed(Throwable cause) {
        FatalErrors.check(cause);
        try {
            onFailure.accept(cause);
        } catch (Throwable e) {
            LOG.error("the failure of a channel could not be handled", e);
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
