package dev.walcast.bench.load;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// The wall clock in microseconds, as Postgres and every process of this machine has it.
final class Micros {
    private Micros() {}

    static long now() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }
}
