package dev.walcast.server.attack;

import java.util.Arrays;
import java.util.concurrent.ConcurrentSkipListMap;

/// Latencies in microseconds, by the time at which they began. Safe for any thread.
final class Latencies {
    private final ConcurrentSkipListMap<Long, Long> took = new ConcurrentSkipListMap<>();

    void add(long beganMicros, long tookMicros) {
        took.merge(beganMicros, tookMicros, Math::max);
    }

    Summary between(long fromMicros, long toMicros) {
        long[] sorted = took.subMap(fromMicros, toMicros).values().stream()
                .mapToLong(Long::longValue)
                .sorted()
                .toArray();
        return new Summary(sorted.length, at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1));
    }

    private static double at(long[] sorted, double share) {
        if (sorted.length == 0) {
            return 0;
        }
        return Arrays.stream(sorted)
                        .skip(Math.min(sorted.length - 1, (long) (sorted.length * share)))
                        .findFirst()
                        .orElseThrow()
                / 1000.0;
    }

    /// Times in milliseconds.
    record Summary(int count, double p50, double p99, double max) {
        @Override
        public String toString() {
            return "%d: p50 %.1f, p99 %.1f, max %.1f ms".formatted(count, p50, p99, max);
        }
    }
}
