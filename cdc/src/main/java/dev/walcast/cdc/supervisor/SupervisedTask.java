package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.TaskStatus.State;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One task with its threads, one after the other. The supervising thread alone starts them.
final class SupervisedTask implements Supervised {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    /// The due time of a task that waits for nothing.
    static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final ObservedTask task;

    /// Null when it is started again. Known from the start: when a task ends, there may be no file descriptor to load a
    /// class with.
    private final @Nullable Integer exitCode;

    private final Threads threads;
    private final Pacing pacing;
    private final LongSupplier nanoTime;
    private final Runnable wake;

    // All below are written with this locked. Those that a status shows are volatile: the supervising thread may hang
    // with the lock held, on a log that nothing reads.
    private final Failures failures;
    private volatile State state = State.RESTARTING;
    private volatile @Nullable Run run;
    private long dueNanos;
    private volatile long startedNanos;
    private volatile boolean hasStarted;
    private final AtomicLong restarts = new AtomicLong();
    private volatile @Nullable String lastFailure;
    private volatile boolean endExpected;
    private long awakeNanos;
    /// On the awake clock; since then no run has begun.
    private long unstartedNanos;
    private long outOfOrderNanos;
    private volatile boolean outOfOrder;

    SupervisedTask(
            String name,
            ObservedTask task,
            Ending ending,
            Threads threads,
            Pacing pacing,
            LongSupplier nanoTime,
            long awakeNanos,
            Runnable wake) {
        this.awakeNanos = awakeNanos;
        this.unstartedNanos = awakeNanos;
        this.name = requireNonNull(name, "name is null");
        this.task = requireNonNull(task, "task is null");
        this.exitCode = requireNonNull(ending, "ending is null") instanceof Ending.Exit(int code) ? code : null;
        this.threads = requireNonNull(threads, "threads is null");
        this.pacing = pacing;
        this.nanoTime = nanoTime;
        this.wake = wake;
        this.failures = new Failures(pacing);
        this.dueNanos = nanoTime.getAsLong();
    }

    /// One thread's life. It allocates nothing when it ends: there may be no memory.
    private final class Run implements Runnable {
        private volatile @Nullable Thread thread;
        private volatile @Nullable Throwable failure;
        private volatile boolean returned;
        private volatile boolean over;
        private final TaskActivity activity;

        private Run(TaskActivity activity) {
            this.activity = activity;
        }

        @Override
        public void run() {
            try {
                returned = activity.<Boolean, InterruptedException>carry(() -> {
                    task.run(activity);
                    return true;
                });
            } catch (Throwable e) {
                failure = e;
                FatalErrors.check(e);
            } finally {
                over = true;
                wake.run();
            }
        }

        /// Also when the thread could not even say so.
        boolean isOver() {
            Thread started = thread;
            return over || (started != null && !started.isAlive());
        }

        String failureName() {
            Throwable thrown = failure;
            return thrown != null ? thrown.getClass().getName() : returned ? "returned" : "vanished";
        }
    }

    /// What the supervising thread learns.
    ///
    /// @param dueNanos when it has to look again
    /// @param ended    whether the task is over for good
    /// @param exit     the code that the process is to end with, if it is
    record Look(long dueNanos, boolean ended, @Nullable Integer exit) {}

    /// Notices the task's end and starts it when it is due.
    ///
    /// @param awake of the supervising thread's [AwakeClock]
    synchronized Look look(long awake) {
        long now = nanoTime.getAsLong();
        awakeNanos = awake;
        Run current = run;
        if (current != null && state == State.RUNNING) {
            failures.ran(now - startedNanos);
            if (current.isOver()) {
                ended(current, now);
            }
        }
        if (state == State.RESTARTING && dueNanos - now <= 0) {
            start(now);
        }
        lookForProgress();
        Integer exit = outOfOrderNanos >= pacing.endAfter().toNanos() ? FatalErrors.STUCK_EXIT_CODE : null;
        if (state == State.EXITING && dueNanos - now <= 0) {
            exit = exitCode;
            dueNanos = now + failures.failed(now);
        }
        boolean waits = state == State.RESTARTING || state == State.EXITING;
        return new Look(waits ? dueNanos - now : NEVER, state == State.ENDED, exit);
    }

    /// Logs last: that may fail, too.
    private void lookForProgress() {
        Run current = run;
        outOfOrderNanos = switch (state) {
            case RUNNING -> current == null ? 0 : current.activity.stillNanos(awakeNanos);
            case RESTARTING -> awakeNanos - unstartedNanos;
            case EXITING, ENDED -> 0;
        };
        boolean before = outOfOrder;
        outOfOrder = !endExpected && outOfOrderNanos >= pacing.stuckAfter().toNanos();
        if (outOfOrder && !before) {
            tellOutOfOrder(current);
        } else if (before && !outOfOrder) {
            log.info("The task {} moves again", name);
        }
    }

    private void tellOutOfOrder(@Nullable Run current) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(outOfOrderNanos);
        long endSeconds = pacing.endAfter().toSeconds();
        Thread thread = current == null ? null : current.thread;
        if (state == State.RUNNING && thread != null) {
            StackTraceElement[] stack = thread.getStackTrace();
            IllegalStateException place = new IllegalStateException("the stack of " + name);
            place.setStackTrace(stack);
            log.error(
                    "The task {} has not moved for {} s; after {} s the process ends",
                    name,
                    seconds,
                    endSeconds,
                    place);
        } else {
            log.error(
                    "The task {} could not be started for {} s; after {} s the process ends",
                    name,
                    seconds,
                    endSeconds);
        }
    }

    /// Logs last: that may fail, too.
    private void ended(Run ended, long now) {
        if (endExpected) {
            state = State.ENDED;
            return;
        }
        lastFailure = ended.failureName();
        unstartedNanos = awakeNanos;
        if (exitCode != null) {
            state = State.EXITING;
            dueNanos = now;
            log.error(
                    "The task {} ended ({}); the process ends with code {}",
                    name,
                    lastFailure,
                    exitCode,
                    ended.failure);
            return;
        }
        long pauseNanos = failures.failed(now);
        dueNanos = now + pauseNanos;
        state = State.RESTARTING;
        log.error(
                "The task {} ended ({}) and is started again in {} ms",
                name,
                lastFailure,
                TimeUnit.NANOSECONDS.toMillis(pauseNanos),
                ended.failure);
    }

    private void start(long now) {
        try {
            Run fresh = new Run(new TaskActivity(awakeNanos));
            run = fresh;
            fresh.thread = threads.start(name, fresh);
        } catch (Throwable e) {
            dueNanos = now + failures.failed(now);
            lastFailure = e.getClass().getName();
            log.error("The task {} could not be started and is tried again", name, e);
            return;
        }
        if (hasStarted) {
            restarts.incrementAndGet();
        }
        hasStarted = true;
        startedNanos = now;
        state = State.RUNNING;
    }

    boolean isEndExpected() {
        return endExpected;
    }

    boolean isNamed(String other) {
        return !endExpected && name.equals(other);
    }

    @Override
    public TaskStatus status() {
        Duration since = hasStarted ? Duration.ofNanos(nanoTime.getAsLong() - startedNanos) : Duration.ZERO;
        return new TaskStatus(name, state, restarts.get(), lastFailure, since, failures.often(), outOfOrder);
    }

    @Override
    public void expectEnd() {
        synchronized (this) {
            endExpected = true;
            if (state != State.RUNNING) {
                state = State.ENDED;
            }
        }
        wake.run();
    }

    /// The first half of [#close()].
    ///
    /// @return the thread to wait for, if there is one
    Stream<Thread> interrupt() {
        expectEnd();
        Thread thread;
        synchronized (this) {
            thread = run == null ? null : run.thread;
        }
        if (thread != null) {
            thread.interrupt();
        }
        return Stream.ofNullable(thread);
    }

    @Override
    public void close() {
        long deadlineNanos = System.nanoTime() + pacing.closeWithin().toNanos();
        interrupt().forEach(thread -> Ends.await(thread, deadlineNanos));
    }
}
