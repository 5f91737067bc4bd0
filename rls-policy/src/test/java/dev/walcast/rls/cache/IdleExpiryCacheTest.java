package dev.walcast.rls.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class IdleExpiryCacheTest {
    private final AtomicLong nanos = new AtomicLong(1);
    private final IdleExpiryCache<String, Integer> kept = new IdleExpiryCache<>(10, nanos::get);

    @Test
    void removesUnusedValues() {
        kept.put("a", 1);
        kept.put("b", 2);
        nanos.addAndGet(Duration.ofMinutes(9).toNanos());
        assertThat(kept.get("a")).isEqualTo(1);
        nanos.addAndGet(Duration.ofMinutes(9).toNanos());
        kept.forget();
        assertThat(kept.get("a")).isEqualTo(1);
        assertThat(kept.get("b")).isNull();
    }

    @Test
    void removesAllWhenTooMany() {
        for (int i = 0; i < 11; i++) {
            kept.put("k" + i, i);
        }
        kept.forget();
        assertThat(kept.size()).isZero();
    }
}
