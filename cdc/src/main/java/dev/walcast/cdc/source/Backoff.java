package dev.walcast.cdc.source;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// Computes the pause before the next attempt: twice as long each time, up to ten seconds, with a random part
/// so that many servers do not return at once.
final class Backoff {
    private static final Duration FIRST = Duration.ofMillis(250);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private final RandomGenerator random;
    private Duration next = FIRST;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    Duration next() {
        Duration wait = next.plusMillis(random.nextLong(next.toMillis() / 4 + 1));
        Duration doubled = next.multipliedBy(2);
        next = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
        return wait;
    }

    void reset() {
        next = FIRST;
    }
}
