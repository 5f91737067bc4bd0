package dev.walcast.cdc.supervisor;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Waits for interrupted threads to end.
final class ThreadEnds {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    private ThreadEnds() {}

    /// Waits for a thread; does nothing when it is the calling thread. Returns at once when the calling thread
    /// is interrupted.
    ///
    /// @param deadlineNanos a time of the clock
    /// @param nanoTime      a monotonic clock
    static void await(Thread thread, long deadlineNanos, LongSupplier nanoTime) {
        if (thread.equals(Thread.currentThread())) {
            return;
        }
        try {
            Duration rest = Duration.ofNanos(Math.max(0, deadlineNanos - nanoTime.getAsLong()));
            if (!thread.join(rest)) {
                log.warn("The task {} did not end in time", thread.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
