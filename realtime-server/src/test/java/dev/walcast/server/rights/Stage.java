package dev.walcast.server.rights;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The progress of a run, and all its subscriptions.
final class Stage {
    private final CountDownLatch calm = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<Subscription> subscriptions = new ConcurrentLinkedQueue<>();

    /// From here on clients leave only when something happened to their channel.
    void becomeCalm() {
        calm.countDown();
    }

    void end() {
        over.countDown();
    }

    boolean isCalm() {
        return calm.getCount() == 0;
    }

    /// Returns early when the run becomes calm.
    boolean pause(Duration duration) throws InterruptedException {
        return calm.await(duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    boolean isOver() {
        return over.getCount() == 0;
    }

    /// Returns early when the run is over.
    boolean awaitEnd(Duration duration) throws InterruptedException {
        return over.await(duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    void add(Subscription subscription) {
        subscriptions.add(subscription);
    }

    List<Subscription> subscriptions() {
        return List.copyOf(subscriptions);
    }
}
