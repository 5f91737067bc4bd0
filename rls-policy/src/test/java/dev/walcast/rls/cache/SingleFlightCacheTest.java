package dev.walcast.rls.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SingleFlightCacheTest {
    private final AtomicLong nanos = new AtomicLong(1);
    private final AtomicInteger asked = new AtomicInteger();
    private final SingleFlightCache<String, Integer> recent = new SingleFlightCache<>(nanos::get);

    private @Nullable Integer ask(String key) {
        return recent.<RuntimeException, RuntimeException>get(key, asked::incrementAndGet);
    }

    @Test
    void oldAnswersAreRemoved() {
        for (int i = 0; i < 100; i++) {
            ask("key " + i);
        }
        nanos.addAndGet(2 * SingleFlightCache.MAX_AGE.toNanos());
        ask("another");
        assertThat(recent.size()).isEqualTo(1);
    }

    @Test
    void totalWeightIsBounded() {
        SingleFlightCache<Integer, String> large =
                new SingleFlightCache<>(nanos::get, (_, answer) -> answer == null ? 0 : answer.length());
        String megabyte = "x".repeat(1 << 20);
        for (int i = 0; i < 100; i++) {
            large.<RuntimeException, RuntimeException>get(i, () -> megabyte);
            assertThat(large.size()).isLessThanOrEqualTo(5);
        }
    }

    @Test
    void answerExpiresOneSecondAfterQuestion() {
        assertThat(ask("a")).isEqualTo(1);
        nanos.addAndGet(SingleFlightCache.MAX_AGE.toNanos());
        assertThat(ask("a")).isEqualTo(1);
        assertThat(ask("b")).isEqualTo(2);
        nanos.incrementAndGet();
        assertThat(ask("a")).isEqualTo(3);
    }

    @Test
    void failuresAndNullAnswersAreNotCached() {
        assertThatThrownBy(() -> recent.<IllegalStateException, RuntimeException>get("a", () -> {
                    throw new IllegalStateException();
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(recent.<RuntimeException, RuntimeException>get("a", () -> null))
                .isNull();
        assertThat(ask("a")).isEqualTo(1);
    }

    @Test
    void concurrentCallerWaitsForAnswer() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<@Nullable Integer> first =
                    threads.submit(() -> recent.<InterruptedException, RuntimeException>get("a", () -> {
                        begun.countDown();
                        answered.await();
                        return 7;
                    }));
            begun.await();
            List<Future<@Nullable Integer>> others = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                others.add(threads.submit(() -> ask("a")));
            }
            assertThat(ask("b")).as("another key does not wait").isEqualTo(1);
            answered.countDown();
            assertThat(first.get()).isEqualTo(7);
            for (Future<@Nullable Integer> other : others) {
                assertThat(other.get()).isEqualTo(7);
            }
        }
    }

    @Test
    void numberOfAnswersIsBounded() {
        for (int i = 0; i < 5_000; i++) {
            ask("k" + i);
        }
        assertThat(ask("k4999")).isEqualTo(5_000);
        assertThat(ask("k0")).as("forgotten").isEqualTo(5_001);
    }
}
