package dev.walcast.cdc.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetriedExecutorTest {
    private final AtomicInteger refusals = new AtomicInteger();
    private final Semaphore ran = new Semaphore(0);

    /// What Java throws when it has no thread: of the operating system, of the scheduler of virtual threads, of the
    /// factory.
    private Thread thread(Runnable task) {
        switch (refusals.getAndDecrement()) {
            case 3 -> throw new OutOfMemoryError("unable to create native thread");
            case 2 -> throw new RejectedExecutionException("queue capacity exceeded");
            case 1 -> throw new IllegalStateException("made by the test");
            default -> {}
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
    void shortageIsToldToTheOwner() {
        AtomicInteger told = new AtomicInteger();
        try (RetriedExecutor threads = new RetriedExecutor(this::thread, told::incrementAndGet)) {
            refusals.set(2);
            threads.execute(ran::release);
            threads.startAgain();
            assertThat(told).hasValue(2);
        }
    }

    @Test
    void closedExecutorDropsTasks() {
        RetriedExecutor threads = new RetriedExecutor(this::thread);
        threads.close();
        threads.execute(ran::release);
        assertThat(ran.availablePermits()).isZero();
    }
}
