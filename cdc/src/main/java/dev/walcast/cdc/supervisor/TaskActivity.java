package dev.walcast.cdc.supervisor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Records the progress of a task. A task is stuck when it neither calls [#beat()] nor declares a wait for
/// longer than [SupervisorPolicy#stuckAfter()]. Safe for any thread. Allocates only the spans.
public final class TaskActivity {
    /// Of the task that runs on a thread.
    private static final ScopedValue<TaskActivity> CURRENT = ScopedValue.newInstance();

    private static final Span NO_SPAN = () -> {};

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

    /// Does something for the task, which [#currentWaits()] finds then. Also by another thread than the task's, for
    /// which the task waits.
    public <T extends @Nullable Object, X extends Throwable> T carry(ScopedValue.CallableOp<T, X> work) throws X {
        return ScopedValue.where(CURRENT, this).call(work);
    }

    /// Declares a wait of the task that this thread works for; nothing when it works for none.
    public static Span currentWaits() {
        return CURRENT.isBound() ? CURRENT.get().waits() : NO_SPAN;
    }

    /// Ends a wait or a piece of work.
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
