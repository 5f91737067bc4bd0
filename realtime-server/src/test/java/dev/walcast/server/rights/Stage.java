package dev.walcast.server.rights;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// How far a run is, and all subscriptions there were.
final class Stage {
    private final CountDownLatch quiet = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<Subscription> subscriptions = new ConcurrentLinkedQueue<>();

    /// From here on clients stay where they are.
    void becomeQuiet() {
        quiet.countDown();
    }

    void end() {
        over.countDown();
    }

    boolean isQuiet() {
        return quiet.getCount() == 0;
    }

    /// Returns early when the run becomes quiet.
    boolean pause(Duration duration) throws InterruptedException {
        return quiet.await(duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    void awaitEnd() throws InterruptedException {
        over.await();
    }

    void add(Subscription subscription) {
        subscriptions.add(subscription);
    }

    List<Subscription> subscriptions() {
        return List.copyOf(subscriptions);
    }
}
