package dev.walcast.rls.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SharedQuestionsTest {
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final SharedQuestions<String, Integer> questions = new SharedQuestions<>(System::nanoTime);

    @Test
    void answerServesEarlierTimes() throws SQLException {
        long before = System.nanoTime();
        assertThat(questions.get("a", before, asked::incrementAndGet)).isEqualTo(1);
        assertThat(questions.get("a", before, asked::incrementAndGet)).isEqualTo(1);
        assertThat(questions.get("a", System.nanoTime(), asked::incrementAndGet))
                .isEqualTo(2);
    }

    @Test
    void keysBeyondBoundAreRemoved() throws SQLException {
        for (int i = 0; i < 3_000; i++) {
            assertThat(questions.get("key " + i, System.nanoTime(), () -> 1)).isEqualTo(1);
        }
        assertThat(questions.size()).isLessThan(1_100);
    }

    @Test
    @Timeout(60)
    void laterCallersShareNextQuestion() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Future<@Nullable Integer> first = threads.submit(() -> questions.get("a", System.nanoTime(), () -> {
                begun.countDown();
                awaitQuietly(go);
                return asked.incrementAndGet();
            }));
            begun.await();
            List<Future<@Nullable Integer>> later = new ArrayList<>();
            List<Thread> callers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                later.add(threads.submit(() -> {
                    synchronized (callers) {
                        callers.add(Thread.currentThread());
                    }
                    waiting.incrementAndGet();
                    return questions.get("a", System.nanoTime(), asked::incrementAndGet);
                }));
            }
            assertThat(questions.get("b", System.nanoTime(), () -> 7))
                    .as("another key does not wait")
                    .isEqualTo(7);
            while (waiting.get() < 20 || !allWait(callers)) {
                Thread.onSpinWait();
            }
            go.countDown();
            assertThat(first.get()).isEqualTo(1);
            for (Future<@Nullable Integer> one : later) {
                assertThat(one.get()).isEqualTo(2);
            }
        }
    }

    @Test
    void failureReachesItsCallersOnly() throws Exception {
        assertThatThrownBy(() -> questions.get("a", System.nanoTime(), () -> {
                    throw new SQLException("away");
                }))
                .isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> questions.get("a", System.nanoTime(), () -> {
                    throw new IllegalStateException("broken");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(questions.get("a", System.nanoTime(), () -> 1)).isEqualTo(1);
    }

    private static boolean allWait(List<Thread> threads) {
        synchronized (threads) {
            return threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
