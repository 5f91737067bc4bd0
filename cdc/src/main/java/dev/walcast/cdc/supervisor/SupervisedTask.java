package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.supervisor.TaskStatus.State;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A task with its threads, one after the other. Only the supervising thread starts them.
final class SupervisedTask implements Supervised {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    /// The due time of a task that waits for nothing.
    static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final ObservedTask task;

    /// Null when it is started again. Known from the start: when a task ends, there may be no file descriptor to
    /// load a class with.
    private final @Nullable Integer exitCode;

    private final ThreadStarter threads;
    private final SupervisorPolicy policy;
    private final LongSupplier nanoTime;
    private final Runnable wake;

    // All fields below are written with this object locked. The fields of the status are volatile, because the
    // supervising thread may hang with the lock held, in a log that is not drained.
    private final FailureHistory failures;
    private volatile State state = State.RESTARTING;
    private volatile @Nullable Run run;

    @GuardedBy("this")
    private long dueNanos;

    private volatile long startedNanos;
    private volatile boolean hasStarted;
    private final AtomicLong restarts = new AtomicLong();
    private volatile @Nullable String lastFailure;
    private volatile boolean endExpected;

    @GuardedBy("this")
    private long awakeNanos;

    /// The time on the awake clock since which no run has begun.
    @GuardedBy("this")
    private long unstartedNanos;

    @GuardedBy("this")
    private long outOfOrderNanos;

    private volatile boolean outOfOrder;

    SupervisedTask(
            String name,
            ObservedTask task,
            EndAction ending,
            ThreadStarter threads,
            SupervisorPolicy policy,
            LongSupplier nanoTime,
            long awakeNanos,
            Runnable wake) {
        this.awakeNanos = awakeNanos;
        this.unstartedNanos = awakeNanos;
        this.name = requireNonNull(name, "name is null");
        this.task = requireNonNull(task, "task is null");
        this.exitCode = requireNonNull(ending, "ending is null") instanceof EndAction.Exit(int code) ? code : null;
        this.threads = requireNonNull(threads, "threads is null");
        this.policy = policy;
        this.nanoTime = nanoTime;
        this.wake = wake;
        this.failures = new FailureHistory(policy);
        this.dueNanos = nanoTime.getAsLong();
    }

    /// One run of the task on one thread. It allocates nothing when it ends, because there may be no memory.
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

        /// Whether the run is over, also when its thread could not report it.
        boolean isOver() {
            Thread started = thread;
            return over || (started != null && !started.isAlive());
        }

        String failureName() {
            Throwable thrown = failure;
            return thrown != null ? thrown.getClass().getName() : returned ? "returned" : "vanished";
        }
    }

    /// The result of a look at the task.
    ///
    /// @param dueNanos the nanoseconds until the next look is due
    /// @param ended    whether the task is over for good
    /// @param exit     the exit code when the process must end; else null
    record Look(long dueNanos, boolean ended, @Nullable Integer exit) {}

    /// Detects the task's end, and starts the task when it is due.
    ///
    /// @param awake the time on the supervising thread's [AwakeClock]
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
        Integer exit = outOfOrderNanos >= policy.endAfter().toNanos() ? FatalErrors.STUCK_EXIT_CODE : null;
        if (state == State.EXITING && dueNanos - now <= 0) {
            exit = exitCode;
            dueNanos = now + failures.failed(now);
        }
        boolean waits = state == State.RESTARTING || state == State.EXITING;
        return new Look(waits ? dueNanos - now : NEVER, state == State.ENDED, exit);
    }

    /// Logs as its last step, because logging may fail.
    @GuardedBy("this")
    private void lookForProgress() {
        Run current = run;
        outOfOrderNanos = switch (state) {
            case RUNNING -> current == null ? 0 : current.activity.stillNanos(awakeNanos);
            case RESTARTING -> awakeNanos - unstartedNanos;
            case EXITING, ENDED -> 0;
        };
        boolean before = outOfOrder;
        outOfOrder = !endExpected && outOfOrderNanos >= policy.stuckAfter().toNanos();
        if (outOfOrder && !before) {
            logOutOfOrder(current);
        } else if (before && !outOfOrder) {
            log.info("The task {} makes progress again", name);
        }
    }

    @GuardedBy("this")
    private void logOutOfOrder(@Nullable Run current) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(outOfOrderNanos);
        long endSeconds = policy.endAfter().toSeconds();
        Thread thread = current == null ? null : current.thread;
        if (state == State.RUNNING && thread != null) {
            StackTraceElement[] stack = thread.getStackTrace();
            IllegalStateException place = new IllegalStateException("the stack of " + name);
            place.setStackTrace(stack);
            log.error(
                    "The task {} has made no progress for {} s; after {} s the process ends",
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

    /// Logs as its last step, because logging may fail.
    @GuardedBy("this")
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
                "The task {} ended ({}) and is restarted in {} ms",
                name,
                lastFailure,
                TimeUnit.NANOSECONDS.toMillis(pauseNanos),
                ended.failure);
    }

    @GuardedBy("this")
    private void start(long now) {
        try {
            Run fresh = new Run(new TaskActivity(awakeNanos));
            run = fresh;
            fresh.thread = threads.start(name, fresh);
        } catch (Throwable e) {
            dueNanos = now + failures.failed(now);
            lastFailure = e.getClass().getName();
            log.error("The task {} could not be started; the next attempt follows", name, e);
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
        return new TaskStatus(name, state, restarts.get(), lastFailure, since, failures.isFrequent(), outOfOrder);
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

    /// Begins to close the task: expects its end and interrupts it.
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
        long deadlineNanos = nanoTime.getAsLong() + policy.closeWithin().toNanos();
        interrupt().forEach(thread -> ThreadEnds.await(thread, deadlineNanos, nanoTime));
    }
}
