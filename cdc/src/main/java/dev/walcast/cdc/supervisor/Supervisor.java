package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps essential tasks running. Whatever ends a task before it is closed (an exception, an error, an interruption by
/// another thread, or its return) is logged with its stack and counted, and the task is started again after a pause
/// that grows with each failure.
///
/// A thread of its own starts the others. It outlives every failure, that of starting a thread included. If it ends all
/// the same, the next end of a task or the next call of [#checkHealthy()] starts it again. Safe for any thread.
public final class Supervisor implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    private static final String NAME = "supervisor";

    /// An end that the task's thread could not tell of is noticed after this long.
    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    /// So much of the time between two looks counts; the process did not run for the rest of it.
    private static final long LOOK_GAP_NANOS = 2 * LOOK_EVERY_NANOS;

    /// So much of the time between two questions whether the supervising thread lives.
    private static final long ASKED_GAP_NANOS = 10 * LOOK_EVERY_NANOS;

    private final SupervisorPolicy pacing;
    private final LongSupplier nanoTime;
    private final IntConsumer exit;
    private final ThreadStarter own;
    private final List<SupervisedTask> tasks = new CopyOnWriteArrayList<>();
    private volatile Thread supervising;
    private volatile boolean closing;
    private volatile long awakeNanos;

    /// How often the supervising thread has looked at all tasks.
    private final AtomicLong looks = new AtomicLong();

    /// Of those who ask whether it lives; guarded by itself.
    private final AwakeClock asked;

    // guarded by asked
    private long seenLooks;
    private long lookedNanos;

    /// @param nanoTime a monotonic clock
    /// @param exit     ends the process with a code; called by the supervising thread, again if it throws
    /// @throws OutOfMemoryError when its own thread cannot be started
    public Supervisor(SupervisorPolicy pacing, LongSupplier nanoTime, IntConsumer exit) {
        this(pacing, nanoTime, exit, ThreadStarter.PLATFORM);
    }

    Supervisor(SupervisorPolicy pacing, LongSupplier nanoTime, IntConsumer exit, ThreadStarter own) {
        this.pacing = requireNonNull(pacing, "pacing is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.exit = requireNonNull(exit, "exit is null");
        this.own = requireNonNull(own, "own is null");
        FatalErrors.prepare();
        this.asked = new AwakeClock(ASKED_GAP_NANOS, nanoTime.getAsLong());
        this.supervising = own.start(NAME, this::supervise);
    }

    /// Starts a task on a virtual thread, and starts it again when it ends. All that it does counts as a wait.
    public Supervised start(String name, Task task) {
        return start(name, new EndAction.Restart(), ThreadStarter.VIRTUAL, task);
    }

    /// Starts a task on a virtual thread, and starts it again when it ends. It is out of order when it does not move.
    public Supervised startObserved(String name, ObservedTask task) {
        return startObserved(name, new EndAction.Restart(), ThreadStarter.VIRTUAL, task);
    }

    /// All that the task does counts as a wait. See [#startObserved(String, Ending, Threads, ObservedTask)].
    public Supervised start(String name, EndAction ending, ThreadStarter threads, Task task) {
        requireNonNull(task, "task is null");
        return startObserved(name, ending, threads, activity -> {
            try (TaskActivity.Span _ = activity.waits()) {
                task.run();
            }
        });
    }

    /// @param name unique among the tasks that run; also the thread's name
    /// @return before the task's thread has begun
    /// @throws IllegalArgumentException when a task of this name runs
    /// @throws IllegalStateException    after [#close()]
    public synchronized Supervised startObserved(String name, EndAction ending, ThreadStarter threads, ObservedTask task) {
        if (closing) {
            throw new IllegalStateException("the supervisor is closed");
        }
        if (tasks.stream().anyMatch(running -> running.isNamed(name))) {
            throw new IllegalArgumentException("a task " + name + " runs already");
        }
        SupervisedTask supervised =
                new SupervisedTask(name, task, ending, threads, pacing, nanoTime, awakeNanos, this::wake);
        tasks.add(supervised);
        wake();
        return supervised;
    }

    /// The tasks that have not been closed, in the order of their start.
    public List<TaskStatus> tasks() {
        return tasks.stream().map(SupervisedTask::status).toList();
    }

    /// Whether no task fails often or waits for the process' end, and the supervising thread lives.
    public boolean checkHealthy() {
        return revive() && tasks.stream().map(SupervisedTask::status).allMatch(TaskStatus::isHealthy);
    }

    /// Whether each task runs or may soon run again, and the supervising thread looks at them. Answers from memory.
    public boolean checkAlive() {
        revive();
        return isLooking() && tasks.stream().map(SupervisedTask::status).allMatch(TaskStatus::isAlive);
    }

    /// The supervising thread itself may hang, for instance on a log that nothing reads.
    private boolean isLooking() {
        synchronized (asked) {
            long now = asked.advance(nanoTime.getAsLong());
            long looked = looks.get();
            if (looked != seenLooks || closing) {
                seenLooks = looked;
                lookedNanos = now;
            }
            return now - lookedNanos < pacing.stuckAfter().toNanos();
        }
    }

    /// Has the supervising thread look now.
    void wake() {
        revive();
        LockSupport.unpark(supervising);
    }

    /// Starts the supervising thread if it has ended.
    ///
    /// @return whether it lived, or is not needed any more
    private boolean revive() {
        if (closing || supervising.isAlive()) {
            return true;
        }
        synchronized (this) {
            if (!closing && !supervising.isAlive()) {
                try {
                    supervising = own.start(NAME, this::supervise);
                } catch (Throwable e) {
                    tell("The supervising thread could not be started", e);
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
                tell("The supervisor could not look at a task", e);
            }
            looks.incrementAndGet();
            Thread.interrupted(); // else it would not park
            LockSupport.parkNanos(this, parkNanos);
        }
    }

    /// @return nanoseconds until something is due
    private long lookAtAll() {
        long parkNanos = LOOK_EVERY_NANOS;
        for (SupervisedTask task : tasks) {
            try {
                parkNanos = Math.min(parkNanos, lookAt(task));
            } catch (Throwable e) {
                FatalErrors.check(e);
                tell("The supervisor could not look at a task", e);
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

    /// Never throws: there may be no memory to log with.
    private static void tell(String message, Throwable failure) {
        try {
            log.error(message, failure);
        } catch (Throwable _) {
            // It has to go on.
        }
    }

    /// Interrupts all tasks and waits for their end, altogether no longer than [SupervisorPolicy#closeWithin()]. A task whose end
    /// is [expected][Supervised#expectEnd()] is left to whatever ends it.
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
        long deadlineNanos = System.nanoTime() + pacing.closeWithin().toNanos();
        interrupted.forEach(thread -> ThreadEnds.await(thread, deadlineNanos));
        tasks.clear();
    }
}
