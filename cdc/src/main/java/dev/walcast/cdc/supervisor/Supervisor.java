package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps essential tasks running. When a task ends before it is closed (by an exception, an error, an
/// interruption by another thread, or its return), the end is logged with its stack and counted. The task is
/// restarted after a pause that grows with each failure.
///
/// The supervising thread starts the tasks. It survives every failure, including a failed start of a thread. If
/// it ends nevertheless, the next end of a task or the next call of [#checkHealthy()] or [#checkAlive()] starts
/// it again. Safe for any thread.
public final class Supervisor implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    private static final String NAME = "supervisor";

    /// An end that the task's thread could not report is detected after this time.
    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    /// The most time between two looks that counts. The process did not run for the rest.
    private static final long LOOK_GAP_NANOS = 2 * LOOK_EVERY_NANOS;

    /// The most time between two checks of the supervising thread that counts.
    private static final long ASKED_GAP_NANOS = 10 * LOOK_EVERY_NANOS;

    private final SupervisorPolicy policy;
    private final LongSupplier nanoTime;
    private final IntConsumer exit;
    private final ThreadStarter own;
    private final List<SupervisedTask> tasks = new CopyOnWriteArrayList<>();
    private volatile Thread supervising;
    private volatile boolean closing;
    private volatile long awakeNanos;

    /// How often the supervising thread has looked at all tasks.
    private final AtomicLong looks = new AtomicLong();

    /// The clock of the checks of the supervising thread; guarded by itself.
    private final AwakeClock asked;

    @GuardedBy("asked")
    private long seenLooks;

    @GuardedBy("asked")
    private long lookedNanos;

    /// @param nanoTime a monotonic clock
    /// @param exit     ends the process with a code; called by the supervising thread, and again if it throws
    /// @throws OutOfMemoryError when its own thread cannot be started
    public Supervisor(SupervisorPolicy policy, LongSupplier nanoTime, IntConsumer exit) {
        this(policy, nanoTime, exit, ThreadStarter.PLATFORM);
    }

    Supervisor(SupervisorPolicy policy, LongSupplier nanoTime, IntConsumer exit, ThreadStarter own) {
        this.policy = requireNonNull(policy, "policy is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.exit = requireNonNull(exit, "exit is null");
        this.own = requireNonNull(own, "own is null");
        FatalErrors.prepare();
        this.asked = new AwakeClock(ASKED_GAP_NANOS, nanoTime.getAsLong());
        this.supervising = own.start(NAME, this::supervise);
    }

    /// Runs a task on a virtual thread, and restarts it when it ends. The whole task counts as a wait.
    public Supervised start(String name, Task task) {
        return start(name, new EndAction.Restart(), ThreadStarter.VIRTUAL, task);
    }

    /// Runs a task on a virtual thread, and restarts it when it ends. The task is stuck when it makes no
    /// progress.
    public Supervised startObserved(String name, ObservedTask task) {
        return startObserved(name, new EndAction.Restart(), ThreadStarter.VIRTUAL, task);
    }

    /// Runs a task that counts as a wait as a whole. See [#startObserved(String, EndAction, ThreadStarter,
    /// ObservedTask)].
    public Supervised start(String name, EndAction ending, ThreadStarter threads, Task task) {
        requireNonNull(task, "task is null");
        return startObserved(name, ending, threads, activity -> {
            try (TaskActivity.Span _ = activity.waits()) {
                task.run();
            }
        });
    }

    /// Runs a task. Returns before the task's thread has begun.
    ///
    /// @param name unique among the running tasks; also the thread's name
    /// @return the task, to watch and close it
    /// @throws IllegalArgumentException when a task of this name runs
    /// @throws IllegalStateException    after [#close()]
    public synchronized Supervised startObserved(
            String name, EndAction ending, ThreadStarter threads, ObservedTask task) {
        if (closing) {
            throw new IllegalStateException("the supervisor is closed");
        }
        if (tasks.stream().anyMatch(running -> running.isNamed(name))) {
            throw new IllegalArgumentException("a task " + name + " runs already");
        }
        SupervisedTask supervised =
                new SupervisedTask(name, task, ending, threads, policy, nanoTime, awakeNanos, this::wake);
        tasks.add(supervised);
        wake();
        return supervised;
    }

    /// Returns the tasks that have not been closed, in the order of their start.
    public List<TaskStatus> tasks() {
        return tasks.stream().map(SupervisedTask::status).toList();
    }

    /// Checks that no task fails often or waits for the process' end, and that the supervising thread lives.
    /// Restarts the supervising thread if it has ended.
    public boolean checkHealthy() {
        return revive() && tasks.stream().map(SupervisedTask::status).allMatch(TaskStatus::isHealthy);
    }

    /// Checks that each task runs or may soon run again, and that the supervising thread looks at them.
    /// Restarts the supervising thread if it has ended.
    public boolean checkAlive() {
        revive();
        return checkLooking() && tasks.stream().map(SupervisedTask::status).allMatch(TaskStatus::isAlive);
    }

    /// Checks the supervising thread itself, which may hang, for instance in a log that is not drained.
    private boolean checkLooking() {
        synchronized (asked) {
            long now = asked.advance(nanoTime.getAsLong());
            long looked = looks.get();
            if (looked != seenLooks || closing) {
                seenLooks = looked;
                lookedNanos = now;
            }
            return now - lookedNanos < policy.stuckAfter().toNanos();
        }
    }

    /// Makes the supervising thread look at the tasks now.
    void wake() {
        revive();
        LockSupport.unpark(supervising);
    }

    /// Restarts the supervising thread if it has ended.
    ///
    /// @return whether it was alive, or is not needed any more
    private boolean revive() {
        if (closing || supervising.isAlive()) {
            return true;
        }
        synchronized (this) {
            if (!closing && !supervising.isAlive()) {
                try {
                    supervising = own.start(NAME, this::supervise);
                } catch (Throwable e) {
                    logFailure("The supervising thread could not be started", e);
                }
            }
        }
        return false;
    }

    private void supervise() {
        AwakeClock clock = new AwakeClock(LOOK_GAP_NANOS, nanoTime.getAsLong());
        long before = awakeNanos;
        while (!closing) {
            long parkNanos = LOOK_EVERY_NANOS;
            try {
                awakeNanos = before + clock.advance(nanoTime.getAsLong());
                parkNanos = lookAtAll();
            } catch (Throwable e) {
                FatalErrors.check(e);
                logFailure("The supervisor could not look at a task", e);
            }
            looks.incrementAndGet();
            Thread.interrupted(); // an interrupted thread would not park
            LockSupport.parkNanos(this, parkNanos);
        }
    }

    /// @return the nanoseconds until the next look is due
    private long lookAtAll() {
        long parkNanos = LOOK_EVERY_NANOS;
        for (SupervisedTask task : tasks) {
            try {
                parkNanos = Math.min(parkNanos, lookAt(task));
            } catch (Throwable e) {
                FatalErrors.check(e);
                logFailure("The supervisor could not look at a task", e);
            }
        }
        return parkNanos;
    }

    private long lookAt(SupervisedTask task) {
        SupervisedTask.Look look = task.look(awakeNanos);
        if (look.ended()) {
            tasks.remove(task);
        }
        if (look.exit() != null) {
            exit.accept(look.exit());
        }
        return look.dueNanos();
    }

    /// Logs without ever throwing, because there may be no memory for logging.
    private static void logFailure(String message, Throwable failure) {
        try {
            log.error(message, failure);
        } catch (Throwable _) {
            // The supervising thread must continue.
        }
    }

    /// Interrupts all tasks and waits for their ends, in total at most [SupervisorPolicy#closeWithin()]. A task
    /// whose end is [expected][Supervised#expectEnd()] is neither interrupted nor waited for.
    @Override
    public void close() {
        List<Thread> interrupted;
        synchronized (this) {
            closing = true;
            interrupted = tasks.stream()
                    .filter(task -> !task.isEndExpected())
                    .flatMap(SupervisedTask::interrupt)
                    .toList();
        }
        LockSupport.unpark(supervising);
        long deadlineNanos = nanoTime.getAsLong() + policy.closeWithin().toNanos();
        interrupted.forEach(thread -> ThreadEnds.await(thread, deadlineNanos, nanoTime));
        tasks.clear();
    }
}
