package dev.walcast.cdc.debezium;

import io.debezium.connector.base.QueueProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;

/// Debezium's queue between its reader and its consumer, on which the consumer can wait without using CPU.
/// Debezium's own wait ends with every poll interval and spins for its last millisecond, which takes a tenth of
/// a core on an idle server. Safe for any thread.
final class WaitableQueue<T> implements QueueProvider<T> {
    // guarded by this
    private final Queue<T> queue = new ArrayDeque<>();

    @Override
    public String name() {
        return "waitable";
    }

    /// Does nothing: the queue has no settings.
    @Override
    public void configure(Map<String, ?> ignored) {}

    @Override
    public synchronized void enqueue(T record) {
        queue.add(record);
        notifyAll();
    }

    @Override
    public synchronized T poll() {
        return queue.poll();
    }

    @Override
    public synchronized int size() {
        return queue.size();
    }

    /// Waits until the queue has an element, at most for the given time.
    synchronized void await(Duration atMost) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + atMost.toNanos();
        long leftNanos = atMost.toNanos();
        while (queue.isEmpty() && leftNanos > 0) {
            wait(leftNanos / 1_000_000 + 1);
            leftNanos = deadlineNanos - System.nanoTime();
        }
    }
}
