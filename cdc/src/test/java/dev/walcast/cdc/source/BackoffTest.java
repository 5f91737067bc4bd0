package dev.walcast.cdc.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void pauseGrowsToItsLimitAndIsReset() {
        Backoff backoff = new Backoff(new Random(1));
        List<Duration> waits = Stream.generate(backoff::next).limit(50).toList();
        assertThat(waits.getFirst()).isLessThanOrEqualTo(Duration.ofMillis(313));
        assertThat(waits.get(5)).isGreaterThanOrEqualTo(Duration.ofSeconds(8));
        assertThat(waits).allMatch(wait -> wait.compareTo(Duration.ofMillis(12_500)) <= 0);
        assertThat(waits.subList(10, 50)).doesNotHaveDuplicates();
        backoff.reset();
        assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(313));
    }
}
