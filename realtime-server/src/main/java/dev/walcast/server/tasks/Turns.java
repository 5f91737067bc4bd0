package dev.walcast.server.tasks;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Lets a virtual thread whose client sends without end leave its carrier thread to others. When many such threads
/// want a turn, each waits for all the others, and so does a thread with little to do. So a thread that had to wait
/// for its turn then pauses ten times as long: about a tenth of the busy threads are queued at a time.
public final class Turns {
    /// A shorter wait is normal.
    private static final long CONGESTED_NANOS = 2_000_000;

    private static final int PAUSE_FACTOR = 10;
    private static final long PAUSE_NANOS_MAX = 100_000_000;

    /// Long enough that the thread really leaves.
    private static final long LEAVE_NANOS = 20_000;

    private Turns() {}

    /// How long a thread pauses after it gave others a turn.
    ///
    /// @param waitedNanos the time until it ran again
    public static Duration pauseAfter(long waitedNanos) {
        return waitedNanos < CONGESTED_NANOS
                ? Duration.ZERO
                : Duration.ofNanos(Math.min(PAUSE_NANOS_MAX, PAUSE_FACTOR * waitedNanos));
    }

    /// Gives others a turn, and pauses when many threads want one. An interrupted pause ends at once and keeps the
    /// interrupt.
    public static void yieldCarrier() {
        long began = System.nanoTime();
        leaveCarrier();
        Duration pause = pauseAfter(System.nanoTime() - began);
        if (pause.isPositive()) {
            try {
                Thread.sleep(pause);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Leaves the carrier to all other virtual threads that are ready. An interrupted thread continues at once.
    ///
    /// `Thread.yield()` does not do that: a carrier runs the threads of its own queue before those that other
    /// threads woke. Two threads that yield stay in that queue, and what a timer or a poller woke waits until one
    /// of them ends. A thread that wakes from a pause queues with those.
    public static void leaveCarrier() {
        LockSupport.parkNanos(LEAVE_NANOS);
    }
}
