package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetriedExecutorTest {
    private final AtomicInteger refusals = new AtomicInteger();
    private final Semaphore ran = new Semaphore(0);

    private Thread thread(Runnable task) {
        if (refusals.getAndDecrement() > 0) {
            throw new OutOfMemoryError("unable to create native thread");
        }
        return Thread.ofVirtual().unstarted(task);
    }

    @Test
    void taskWithoutAThreadIsStartedLaterOnce() throws Exception {
        try (RetriedExecutor threads = new RetriedExecutor(this::thread)) {
            refusals.set(3);
            threads.execute(ran::release);
            threads.execute(ran::release);
            threads.startAgain();
            assertThat(ran.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            threads.startAgain();
            assertThat(ran.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            threads.startAgain();
        }
        assertThat(ran.availablePermits()).isZero();
    }

    @Test
    void closedExecutorDropsTasks() {
        RetriedExecutor threads = new RetriedExecutor(this::thread);
        threads.close();
        threads.execute(ran::release);
        assertThat(ran.availablePermits()).isZero();
    }
}
