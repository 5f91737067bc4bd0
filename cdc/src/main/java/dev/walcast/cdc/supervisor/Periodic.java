package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A supervised task that does its work again and again, with a pause after each time.
///
/// A pause counts as a wait, and each end of a pause as progress. The work must declare its own waits, or finish
/// within [SupervisorPolicy#stuckAfter()]. When the work throws, the supervisor logs the error and starts the task
/// again, as at the first start. One thread at a time does the work. The methods are safe for any thread.
public final class Periodic implements AutoCloseable {
    private final String name;
    private final Supplier<Duration> pause;
    private final ThreadStarter threads;
    private final Work work;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable Supervised supervised;

    /// The work of a periodic task. All methods are called on the thread of the task.
    @FunctionalInterface
    public interface Work extends ObservedTask {
        /// Is called once at each start of the task, before the first pause. May wait; then it must declare
        /// that.
        default void begin(TaskActivity activity) throws InterruptedException {}

        /// Is called at each end of the task, also after an error.
        default void end() {}
    }

    /// Makes a task that runs on a virtual thread. Does not start it.
    ///
    /// @param name the name of the task and of its thread
    public Periodic(String name, Duration pause, Work work) {
        this(name, pause, ThreadStarter.VIRTUAL, work);
    }

    /// Makes a task. Does not start it.
    ///
    /// @param name the name of the task and of its thread
    public Periodic(String name, Duration pause, ThreadStarter threads, Work work) {
        this(name, () -> pause, threads, work);
        requireNonNull(pause, "pause is null");
    }

    /// Makes a task whose pauses differ. Does not start it.
    ///
    /// @param name  the name of the task and of its thread
    /// @param pause called before each pause, on the thread of the task
    public Periodic(String name, Supplier<Duration> pause, ThreadStarter threads, Work work) {
        this.name = requireNonNull(name, "name is null");
        this.pause = requireNonNull(pause, "pause is null");
        this.threads = requireNonNull(threads, "threads is null");
        this.work = requireNonNull(work, "work is null");
    }

    /// Starts the task. It works at once, and then after each pause.
    public void start(Supervisor supervisor) {
        start(supervisor, work);
    }

    /// Starts the task. It pauses before it works for the first time.
    public void startWithPause(Supervisor supervisor) {
        start(supervisor, _ -> {});
    }

    private void start(Supervisor supervisor, ObservedTask first) {
        supervised = supervisor.startObserved(name, new EndAction.Restart(), threads, activity -> run(first, activity));
    }

    private void run(ObservedTask first, TaskActivity activity) throws InterruptedException {
        try {
            work.begin(activity);
            first.run(activity);
            while (!isClosedAfterPause(activity)) {
                work.run(activity);
            }
        } finally {
            work.end();
        }
    }

    private boolean isClosedAfterPause(TaskActivity activity) throws InterruptedException {
        try (TaskActivity.Span _ = activity.waits()) {
            return closing.await(requireNonNull(pause.get()).toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /// Whether [#close()] was called.
    public boolean isClosed() {
        return closing.getCount() == 0;
    }

    /// Ends the task after its current work, which is not interrupted. Does not wait for the end.
    @Override
    public void close() {
        Supervised task = supervised;
        if (task != null) {
            task.expectEnd();
        }
        closing.countDown();
    }
}
