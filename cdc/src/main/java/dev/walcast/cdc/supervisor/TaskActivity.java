package dev.walcast.cdc.supervisor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Records the progress of a task. A task is stuck when it neither calls [#beat()] nor declares a wait for
/// longer than [SupervisorPolicy#stuckAfter()]. Safe for any thread. Allocates only the spans.
public final class TaskActivity {
    private final AtomicLong beats = new AtomicLong();
    private final AtomicInteger waits = new AtomicInteger();
    private final AtomicInteger works = new AtomicInteger();

    // Used by the supervising thread only.
    private long seenBeats;
    private long movedNanos;

    TaskActivity(long awakeNanos) {
        this.movedNanos = awakeNanos;
    }

    /// Returns an activity that no supervisor watches.
    public static TaskActivity unwatched() {
        return new TaskActivity(0);
    }

    /// A wait or a piece of work that is open until it is closed.
    @FunctionalInterface
    public interface Span extends AutoCloseable {
        @Override
        void close();
    }

    /// Records progress. Costs an atomic increment.
    public void beat() {
        beats.incrementAndGet();
    }

    /// Declares that the task waits for something outside the server, such as Postgres, or has nothing to do.
    /// Until the wait is closed the task is not stuck, however long it takes.
    public Span waits() {
        return span(waits);
    }

    /// Declares work within a wait. Until the work is closed, the task is not waiting.
    public Span works() {
        return span(works);
    }

    private Span span(AtomicInteger depth) {
        depth.incrementAndGet();
        return () -> {
            // The beat comes first, so that the task has made progress when it does not wait any more.
            beat();
            depth.decrementAndGet();
        };
    }

    private boolean isWaiting() {
        return waits.get() > 0 && works.get() == 0;
    }

    /// Returns for how long the task has made no progress. For the supervising thread only.
    ///
    /// @param awakeNanos of an [AwakeClock]
    /// @return nanoseconds; zero while the task waits
    long stillNanos(long awakeNanos) {
        long now = beats.get();
        if (now != seenBeats || isWaiting()) {
            seenBeats = now;
            movedNanos = awakeNanos;
        }
        return awakeNanos - movedNanos;
    }
}
