package dev.walcast.cdc.debezium;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WaitableQueueTest {
    private final WaitableQueue<String> queue = new WaitableQueue<>();

    @Test
    void waitEndsWhenAnElementArrives() throws Exception {
        CompletableFuture<Integer> found = CompletableFuture.supplyAsync(() -> {
            try {
                queue.await(Duration.ofMinutes(10));
                return queue.size();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        queue.enqueue("a");
        assertThat(found.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(queue.poll()).isEqualTo("a");
        assertThat(queue.poll()).isNull();
    }

    @Test
    void waitEndsAfterItsTimeout() throws Exception {
        queue.await(Duration.ofMillis(1));
        assertThat(queue.size()).isZero();
    }
}
