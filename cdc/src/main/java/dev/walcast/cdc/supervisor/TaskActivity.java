package dev.walcast.cdc.supervisor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Shows that a task moves. The supervisor takes a task for stuck that neither calls [#beat()] nor declares a wait for
/// longer than [Pacing#stuckAfter()]. Safe for any thread; allocates nothing but the handles.
public final class TaskActivity {
    /// Of the task that runs on a thread.
    private static final ScopedValue<TaskActivity> CURRENT = ScopedValue.newInstance();

    private static final Span NO_SPAN = () -> {};

    private final AtomicLong beats = new AtomicLong();
    private final AtomicInteger waits = new AtomicInteger();
    private final AtomicInteger works = new AtomicInteger();

    // Belong to the supervising thread.
    private long seenBeats;
    private long movedNanos;

    TaskActivity(long awakeNanos) {
        this.movedNanos = awakeNanos;
    }

    /// One that no supervisor watches.
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

    /// The task has moved. Costs an atomic increment.
    public void beat() {
        beats.incrementAndGet();
    }

    /// Declares that the task waits for something outside the server, such as Postgres, or that it has nothing to do.
    /// Until the wait is closed the task counts as well, however long it takes.
    public Span waits() {
        return span(waits);
    }

    /// Declares work within a wait, which does not count as one until the work is closed.
    public Span works() {
        return span(works);
    }

    private Span span(AtomicInteger depth) {
        depth.incrementAndGet();
        return () -> {
            // The beat comes first: the task has moved by the time at which it does not wait any more.
            beat();
            depth.decrementAndGet();
        };
    }

    private boolean isWaiting() {
        return waits.get() > 0 && works.get() == 0;
    }

    /// For the supervising thread only.
    ///
    /// @param awakeNanos of an [AwakeClock]
    /// @return for how long the task has not moved
    long stillNanos(long awakeNanos) {
        long now = beats.get();
        if (now != seenBeats || isWaiting()) {
            seenBeats = now;
            movedNanos = awakeNanos;
        }
        return awakeNanos - movedNanos;
    }
}
