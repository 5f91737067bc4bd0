package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
/// the same, the next end of a task or the next call of [#isHealthy()] starts it again. Safe for any thread.
public final class Supervisor implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    private static final String NAME = "supervisor";

    /// An end that the task's thread could not tell of is noticed after this long.
    private static final long LOOK_EVERY_NANOS = 1_000_000_000;

    private final Pacing pacing;
    private final LongSupplier nanoTime;
    private final IntConsumer exit;
    private final Threads own;
    private final List<SupervisedTask> tasks = new CopyOnWriteArrayList<>();
    private volatile Thread supervising;
    private volatile boolean closing;

    /// @param nanoTime a monotonic clock
    /// @param exit     ends the process with a code; called by the supervising thread, again if it throws
    /// @throws OutOfMemoryError when its own thread cannot be started
    public Supervisor(Pacing pacing, LongSupplier nanoTime, IntConsumer exit) {
        this(pacing, nanoTime, exit, Threads.PLATFORM);
    }

    Supervisor(Pacing pacing, LongSupplier nanoTime, IntConsumer exit, Threads own) {
        this.pacing = requireNonNull(pacing, "pacing is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.exit = requireNonNull(exit, "exit is null");
        this.own = requireNonNull(own, "own is null");
        this.supervising = own.start(NAME, this::supervise);
    }

    /// Starts a task on a virtual thread, and starts it again when it ends.
    public Supervised start(String name, Task task) {
        return start(name, new Ending.Restart(), Threads.VIRTUAL, task);
    }

    /// @param name unique among the tasks that run; also the thread's name
    /// @return before the task's thread has begun
    /// @throws IllegalArgumentException when a task of this name runs
    /// @throws IllegalStateException    after [#close()]
    public synchronized Supervised start(String name, Ending ending, Threads threads, Task task) {
        if (closing) {
            throw new IllegalStateException("the supervisor is closed");
        }
        if (tasks.stream().anyMatch(running -> running.isNamed(name))) {
            throw new IllegalArgumentException("a task " + name + " runs already");
        }
        SupervisedTask supervised = new SupervisedTask(name, task, ending, threads, pacing, nanoTime, this::wake);
        tasks.add(supervised);
        wake();
        return supervised;
    }

    /// The tasks that have not been closed, in the order of their start.
    public List<TaskStatus> tasks() {
        return tasks.stream().map(SupervisedTask::status).toList();
    }

    /// Whether no task fails often or waits for the process' end, and the supervising thread lives.
    public boolean isHealthy() {
        return revive() && tasks.stream().map(SupervisedTask::status).allMatch(TaskStatus::isHealthy);
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
        while (!closing) {
            long parkNanos = LOOK_EVERY_NANOS;
            try {
                parkNanos = lookAtAll();
            } catch (Throwable e) {
                tell("The supervisor could not look at a task", e);
            }
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
                tell("The supervisor could not look at a task", e);
            }
        }
        return parkNanos;
    }

    private long lookAt(SupervisedTask task) {
        SupervisedTask.Look look = task.look();
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

    /// Interrupts all tasks and waits for their end, altogether no longer than [Pacing#closeWithin()].
    @Override
    public void close() {
        List<Thread> interrupted;
        synchronized (this) {
            closing = true;
            interrupted = tasks.stream().flatMap(SupervisedTask::interrupt).toList();
        }
        LockSupport.unpark(supervising);
        long deadlineNanos = System.nanoTime() + pacing.closeWithin().toNanos();
        interrupted.forEach(thread -> Ends.await(thread, deadlineNanos));
        tasks.clear();
    }
}
