package dev.walcast.server.tasks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final int WAKES = 20;

    private volatile boolean over;

    /// With `Thread.yield()` in place of `leaveCarrier` the thread that is woken waits until the busy ones end.
    @Test
    void busyThreadsDoNotStarveOneThatIsWoken() throws Exception {
        int carriers = Runtime.getRuntime().availableProcessors();
        CountDownLatch busy = new CountDownLatch(4 * carriers);
        List<Thread> threads = IntStream.range(0, 4 * carriers)
                .mapToObj(_ -> Thread.ofVirtual().start(() -> workInTurns(busy)))
                .toList();
        try {
            Semaphore wake = new Semaphore(0);
            Semaphore awake = new Semaphore(0);
            Thread sleeper = Thread.ofVirtual().start(() -> answer(wake, awake));
            assertThat(busy.await(30, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < WAKES; i++) {
                wake.release();
                assertThat(awake.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
            }
            sleeper.join();
        } finally {
            over = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    private void workInTurns(CountDownLatch busy) {
        while (!over) {
            long until = System.nanoTime() + 1_000_000;
            while (System.nanoTime() - until < 0) {
                Thread.onSpinWait();
            }
            Turns.leaveCarrier();
            busy.countDown();
        }
    }

    private static void answer(Semaphore wake, Semaphore awake) {
        for (int i = 0; i < WAKES; i++) {
            wake.acquireUninterruptibly();
            awake.release();
        }
    }
}
