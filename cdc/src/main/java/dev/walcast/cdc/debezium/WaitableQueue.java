package dev.walcast.cdc.debezium;

import io.debezium.connector.base.QueueProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;

/// Where Debezium keeps what it has read for its consumer, who can wait here without costing anything. Debezium's own
/// wait ends with every poll interval and spins for the last millisecond of it, a tenth of a core on an idle server.
/// Safe for any thread.
final class WaitableQueue<T> implements QueueProvider<T> {
    // guarded by this
    private final Queue<T> queue = new ArrayDeque<>();

    @Override
    public String name() {
        return "waitable";
    }

    /// It is made by hand and has nothing to be told.
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

    /// Returns when there is something, or after that time.
    synchronized void await(Duration atMost) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + atMost.toNanos();
        long leftNanos = atMost.toNanos();
        while (queue.isEmpty() && leftNanos > 0) {
            wait(leftNanos / 1_000_000 + 1);
            leftNanos = deadlineNanos - System.nanoTime();
        }
    }
}
