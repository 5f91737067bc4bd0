package dev.walcast.cdc.debezium;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.debezium.connector.base.QueueProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Debezium's queue between its reader and its consumer, on which the consumer can wait without using CPU.
/// Debezium's own wait ends with every poll interval and spins for its last millisecond, which takes a tenth of
/// a core on an idle server. Safe for any thread.
final class WaitableQueue<T> implements QueueProvider<T> {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();

    @GuardedBy("lock")
    private final Queue<T> queue = new ArrayDeque<>();

    @Override
    public String name() {
        return "waitable";
    }

    /// Does nothing: the queue has no settings.
    @Override
    public void configure(Map<String, ?> ignored) {}

    @Override
    public void enqueue(T record) {
        lock.lock();
        try {
            queue.add(record);
            added.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public T poll() {
        lock.lock();
        try {
            return queue.poll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int size() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the queue has an element, at most for the given time.
    void await(Duration atMost) throws InterruptedException {
        lock.lock();
        try {
            long leftNanos = atMost.toNanos();
            while (queue.isEmpty() && leftNanos > 0) {
                leftNanos = added.awaitNanos(leftNanos);
            }
        } finally {
            lock.unlock();
        }
    }
}
