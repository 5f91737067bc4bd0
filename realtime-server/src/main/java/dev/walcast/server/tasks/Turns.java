package dev.walcast.server.tasks;

import java.time.Duration;

/// Lets a virtual thread whose client sends without end leave its carrier to others. When many such threads want a
/// turn, each waits for all the others, and so does a thread that has little to do. So a thread that waited for its
/// turn then pauses ten times as long: of those that want much a tenth stands in line.
public final class Turns {
    /// A shorter wait is usual.
    private static final long CONGESTED_NANOS = 2_000_000;

    private static final int PAUSE_FACTOR = 10;
    private static final long PAUSE_NANOS_MAX = 100_000_000;

    private Turns() {}

    /// How long a thread that has given others a turn pauses.
    ///
    /// @param waitedNanos until it had a turn again
    public static Duration pauseAfter(long waitedNanos) {
        return waitedNanos < CONGESTED_NANOS
                ? Duration.ZERO
                : Duration.ofNanos(Math.min(PAUSE_NANOS_MAX, PAUSE_FACTOR * waitedNanos));
    }

    /// Gives others a turn, and pauses when there are many. An interrupted pause ends at once and keeps the interrupt.
    @SuppressWarnings("ThreadPriorityCheck") // fairness among virtual threads rests on it, correctness does not
    public static void giveUp() {
        long began = System.nanoTime();
        Thread.yield();
        Duration pause = pauseAfter(System.nanoTime() - began);
        if (pause.isPositive()) {
            try {
                Thread.sleep(pause);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
