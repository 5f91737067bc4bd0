package dev.walcast.cdc.supervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.supervisor.TaskStatus.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class SupervisorTest {
    private static final SupervisorPolicy PACING = new SupervisorPolicy(
            Duration.ofSeconds(1),
            Duration.ofSeconds(8),
            Duration.ofSeconds(60),
            3,
            Duration.ofSeconds(100),
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofSeconds(50));

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L); // a clock may overflow
    private final List<Integer> exits = Collections.synchronizedList(new ArrayList<>());
    private final Supervisor supervisor = new Supervisor(PACING, nanos::get, exits::add);
    private final Semaphore begun = new Semaphore(0);

    @AfterEach
    void close() {
        supervisor.close();
    }

    /// The events that end a task.
    enum Fault {
        EXCEPTION("java.lang.IllegalStateException") {
            @Override
            void happen() {
                throw new IllegalStateException("on purpose");
            }
        },
        OUT_OF_MEMORY("java.lang.OutOfMemoryError") {
            @Override
            void happen() {
                throw new OutOfMemoryError("on purpose");
            }
        },
        STACK_OVERFLOW("java.lang.StackOverflowError") {
            @Override
            @SuppressWarnings("InfiniteRecursion")
            void happen() {
                happen();
            }
        },
        LINKAGE("java.lang.NoClassDefFoundError") {
            @Override
            void happen() {
                throw new NoClassDefFoundError("on purpose");
            }
        },
        INTERRUPTION("java.lang.InterruptedException") {
            @Override
            void happen() throws InterruptedException {
                Thread.currentThread().interrupt();
                Thread.sleep(1);
            }
        },
        RETURN("returned") {
            @Override
            void happen() {}
        };

        final String name;

        Fault(String name) {
            this.name = name;
        }

        abstract void happen() throws InterruptedException;
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void taskIsRestartedAfterEachFault(Fault fault) throws Exception {
        AtomicInteger runs = new AtomicInteger();
        Supervised task = supervisor.start("guard", () -> {
            begun.release();
            if (runs.incrementAndGet() == 1) {
                fault.happen();
                return;
            }
            idle();
        });
        awaitState(task, State.RESTARTING);
        assertThat(task.status().lastFailure()).isEqualTo(fault.name);
        assertThat(task.status().restarts()).isZero();
        pass(Duration.ofSeconds(1));
        begun.acquire(2);
        awaitState(task, State.RUNNING);
        assertThat(task.status().restarts()).isOne();
        assertThat(supervisor.checkHealthy()).isTrue();
    }

    @Test
    void pausesGrowToTheirBound() {
        Supervised task = supervisor.start("guard", () -> {
            throw new IllegalStateException("on purpose");
        });
        awaitState(task, State.RESTARTING);
        for (int seconds : List.of(1, 2, 4, 8, 8)) {
            long before = task.status().restarts();
            pass(Duration.ofSeconds(seconds).minusNanos(1));
            look();
            assertThat(task.status().restarts()).as("before %s s", seconds).isEqualTo(before);
            pass(Duration.ofNanos(1));
            await().until(() ->
                    task.status().restarts() == before + 1 && task.status().state() == State.RESTARTING);
        }
    }

    @Test
    void loopOfFailuresIsUnhealthyUntilSteady() throws Exception {
        AtomicInteger faults = new AtomicInteger(3);
        Supervised task = supervisor.start("guard", () -> {
            if (faults.getAndDecrement() > 0) {
                throw new IllegalStateException("on purpose");
            }
            begun.release();
            idle();
        });
        awaitState(task, State.RESTARTING);
        assertThat(supervisor.checkHealthy()).isTrue();
        pass(Duration.ofSeconds(1));
        await().until(() -> faults.get() == 1 && task.status().state() == State.RESTARTING);
        assertThat(supervisor.checkHealthy()).isTrue();
        pass(Duration.ofSeconds(2));
        await().until(() -> task.status().failsOften());
        assertThat(supervisor.checkHealthy()).isFalse();
        pass(Duration.ofSeconds(4));
        begun.acquire();
        awaitState(task, State.RUNNING);
        pass(Duration.ofSeconds(59));
        look();
        assertThat(supervisor.checkHealthy()).isFalse();
        pass(Duration.ofSeconds(1));
        await().until(supervisor::checkHealthy);
        assertThat(supervisor.tasks()).containsExactly(task.status());
        assertThat(task.status().sinceStart()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void foreignInterruptionDoesNotEndTheTask() throws Exception {
        List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        Supervised task = supervisor.start("guard", () -> {
            threads.add(Thread.currentThread());
            begun.release();
            idle();
        });
        begun.acquire();
        threads.getFirst().interrupt();
        awaitState(task, State.RESTARTING);
        pass(Duration.ofSeconds(1));
        begun.acquire();
        assertThat(threads).doesNotHaveDuplicates().hasSize(2);
    }

    @Test
    void failedThreadStartIsRetried() throws Exception {
        AtomicInteger refusals = new AtomicInteger(2);
        ThreadStarter scarce = (name, run) -> {
            if (refusals.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return ThreadStarter.PLATFORM.start(name, run);
        };
        Supervised task = supervisor.start("guard", new EndAction.Restart(), scarce, () -> {
            begun.release();
            idle();
        });
        await().until(() -> "java.lang.OutOfMemoryError".equals(task.status().lastFailure()));
        pass(Duration.ofSeconds(1));
        await().until(() -> refusals.get() == 0);
        awaitState(task, State.RESTARTING);
        pass(Duration.ofSeconds(2));
        begun.acquire();
        awaitState(task, State.RUNNING);
    }

    /// A thread may end without running any of the supervisor's code, when there is no memory for it.
    @Test
    void vanishedThreadIsDetected() throws Exception {
        AtomicInteger starts = new AtomicInteger();
        ThreadStarter lossy =
                (name, run) -> ThreadStarter.PLATFORM.start(name, starts.getAndIncrement() == 0 ? () -> {} : run);
        Supervised task = supervisor.start("guard", new EndAction.Restart(), lossy, () -> {
            begun.release();
            idle();
        });
        awaitState(task, State.RESTARTING);
        assertThat(task.status().lastFailure()).isEqualTo("vanished");
        pass(Duration.ofSeconds(1));
        begun.acquire();
    }

    @Test
    void failingTaskDoesNotAffectAnother() throws Exception {
        supervisor.start("broken", new EndAction.Restart(), (_, _) -> null, () -> {});
        supervisor.start("guard", () -> {
            begun.release();
            idle();
        });
        begun.acquire();
    }

    @Test
    void deadSupervisingThreadIsReplaced() throws Exception {
        List<Thread> own = Collections.synchronizedList(new ArrayList<>());
        ThreadStarter mortal = (name, run) -> {
            own.add(ThreadStarter.PLATFORM.start(name, own.isEmpty() ? () -> {} : run));
            return own.getLast();
        };
        try (Supervisor second = new Supervisor(PACING, nanos::get, exits::add, mortal)) {
            own.getFirst().join();
            assertThat(second.checkHealthy()).isFalse();
            second.start("guard", () -> {
                begun.release();
                idle();
            });
            begun.acquire();
            assertThat(second.checkHealthy()).isTrue();
            assertThat(own).hasSize(2);
        }
    }

    @Test
    void supervisingThreadSurvivesInterruption() throws Exception {
        List<Thread> own = Collections.synchronizedList(new ArrayList<>());
        ThreadStarter watched = (name, run) -> {
            own.add(ThreadStarter.PLATFORM.start(name, run));
            return own.getLast();
        };
        try (Supervisor second = new Supervisor(PACING, nanos::get, exits::add, watched)) {
            own.getFirst().interrupt();
            second.start("guard", begun::release);
            begun.acquire();
            assertThat(own.getFirst().isAlive()).isTrue();
        }
    }

    @Test
    void endOfACriticalTaskEndsTheProcess() {
        Supervised task = supervisor.start("feed", new EndAction.Exit(70), ThreadStarter.VIRTUAL, () -> {
            throw new IllegalStateException("on purpose");
        });
        await().until(() -> exits.equals(List.of(70)));
        assertThat(task.status().state()).isEqualTo(State.EXITING);
        assertThat(supervisor.checkHealthy()).isFalse();
    }

    @Test
    void exitIsRetriedWhenItThrows() {
        AtomicInteger calls = new AtomicInteger();
        try (Supervisor second = new Supervisor(PACING, nanos::get, _ -> {
            if (calls.incrementAndGet() == 1) {
                throw new IllegalStateException("on purpose");
            }
        })) {
            second.start("feed", new EndAction.Exit(70), ThreadStarter.VIRTUAL, () -> {});
            await().until(() -> calls.get() == 1);
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            second.wake();
            await().until(() -> calls.get() == 2);
        }
    }

    @Test
    void expectedEndIsNoFailure() {
        CountDownLatch over = new CountDownLatch(1);
        Supervised task = supervisor.start("guard", () -> {
            begun.release();
            over.await();
        });
        begun.acquireUninterruptibly();
        task.expectEnd();
        over.countDown();
        awaitState(task, State.ENDED);
        await().until(() -> supervisor.tasks().isEmpty());
        assertThat(task.status().lastFailure()).isNull();
        supervisor.start("guard", this::idle);
    }

    @Test
    void closedTaskIsInterruptedAndNotRestarted() {
        Supervised task = supervisor.start("guard", () -> {
            begun.release();
            idle();
        });
        begun.acquireUninterruptibly();
        task.close();
        awaitState(task, State.ENDED);
        pass(Duration.ofSeconds(100));
        await().until(() -> supervisor.tasks().isEmpty());
        assertThat(begun.availablePermits()).isZero();
    }

    @Test
    void closeEndsAlsoPausingTasks() throws Exception {
        Supervised running = supervisor.start("running", () -> {
            begun.release();
            idle();
        });
        Supervised pausing = supervisor.start("pausing", () -> {});
        begun.acquire();
        awaitState(pausing, State.RESTARTING);
        supervisor.close();
        assertThat(pausing.status().state()).isEqualTo(State.ENDED);
        assertThat(supervisor.tasks()).isEmpty();
        assertThatThrownBy(() -> supervisor.start("late", () -> {})).isInstanceOf(IllegalStateException.class);
        assertThat(running.status().restarts()).isZero();
    }

    @Test
    void closeWaitsAtMostItsLimit() {
        SupervisorPolicy hasty = new SupervisorPolicy(
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                1,
                Duration.ofSeconds(1),
                Duration.ofMillis(1),
                Duration.ofSeconds(20),
                Duration.ofSeconds(50));
        CountDownLatch over = new CountDownLatch(1);
        try (Supervisor second = new Supervisor(hasty, System::nanoTime, exits::add)) {
            second.start("deaf", () -> {
                begun.release();
                while (over.getCount() > 0) {
                    Thread.onSpinWait();
                    Thread.interrupted();
                }
            });
            begun.acquireUninterruptibly();
        }
        over.countDown();
    }

    @Test
    void taskNamesAreUnique() {
        supervisor.start("guard", this::idle);
        assertThatThrownBy(() -> supervisor.start("guard", this::idle)).isInstanceOf(IllegalArgumentException.class);
    }

    // -- progress

    @Test
    void taskWithoutProgressIsOutOfOrder() {
        Supervised task = supervisor.startObserved("guard", _ -> idle());
        awaitState(task, State.RUNNING);
        passAwake(19);
        assertThat(supervisor.checkAlive()).isTrue();
        passAwake(2);
        assertThat(task.status().outOfOrder()).isTrue();
        assertThat(supervisor.checkAlive()).isFalse();
        assertThat(supervisor.checkHealthy()).isFalse();
        assertThat(exits).isEmpty();
        passAwake(30);
        assertThat(exits).contains(FatalErrors.STUCK_EXIT_CODE);
    }

    @Test
    void taskThatBeatsOrWaitsIsAlive() throws Exception {
        CountDownLatch waited = new CountDownLatch(1);
        Semaphore beats = new Semaphore(0);
        Supervised task = supervisor.startObserved("guard", activity -> {
            try (TaskActivity.Span _ = activity.waits()) {
                begun.release();
                waited.await();
            }
            begun.release();
            while (true) {
                beats.acquire();
                activity.beat();
                begun.release();
            }
        });
        begun.acquire();
        passAwake(100);
        assertThat(supervisor.checkAlive()).isTrue();
        waited.countDown();
        begun.acquire();
        for (int i = 0; i < 5; i++) {
            passAwake(15);
            beats.release();
            begun.acquire();
        }
        assertThat(supervisor.checkAlive()).isTrue();
        passAwake(21);
        assertThat(task.status().outOfOrder()).isTrue();
        beats.release();
        begun.acquire();
        look();
        assertThat(supervisor.checkAlive()).isTrue();
    }

    @Test
    void workWithinAWaitMustMakeProgress() throws Exception {
        Supervised task = supervisor.startObserved("guard", activity -> {
            try (TaskActivity.Span _ = activity.waits();
                    TaskActivity.Span _ = activity.works()) {
                begun.release();
                idle();
            }
        });
        begun.acquire();
        passAwake(21);
        assertThat(task.status().outOfOrder()).isTrue();
    }

    /// As after SIGSTOP, a suspended machine or a very long garbage collection.
    @Test
    void timeOfAStoppedProcessDoesNotCount() {
        Supervised task = supervisor.startObserved("guard", _ -> idle());
        awaitState(task, State.RUNNING);
        for (int i = 0; i < 5; i++) {
            pass(Duration.ofHours(1));
            look();
            assertThat(supervisor.checkAlive()).isTrue();
        }
    }

    @Test
    void unstartableTaskIsOutOfOrder() {
        ThreadStarter none = (_, _) -> {
            throw new OutOfMemoryError("unable to create native thread");
        };
        Supervised task = supervisor.start("guard", new EndAction.Restart(), none, this::idle);
        passAwake(19);
        assertThat(supervisor.checkAlive()).isTrue();
        passAwake(2);
        assertThat(supervisor.checkAlive()).isFalse();
        assertThat(task.status().outOfOrder()).isTrue();
        passAwake(30);
        assertThat(exits).contains(FatalErrors.STUCK_EXIT_CODE);
    }

    @Test
    void hangingSupervisingThreadIsNotAlive() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        CountDownLatch hangs = new CountDownLatch(1);
        ThreadStarter hanging = (name, run) -> {
            hangs.countDown();
            try {
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return ThreadStarter.VIRTUAL.start(name, run);
        };
        supervisor.start("guard", new EndAction.Restart(), hanging, this::idle);
        hangs.await();
        assertThat(supervisor.checkAlive()).isTrue();
        nanos.addAndGet(Duration.ofHours(1).toNanos()); // a machine that slept
        assertThat(supervisor.checkAlive()).isTrue();
        nanos.addAndGet(Duration.ofSeconds(9).toNanos());
        assertThat(supervisor.checkAlive()).isTrue();
        nanos.addAndGet(Duration.ofSeconds(9).toNanos());
        assertThat(supervisor.checkAlive()).isFalse();
        over.countDown();
        await().until(supervisor::checkAlive);
    }

    @Test
    void closeLeavesTasksWhoseEndIsExpected() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        Semaphore ended = new Semaphore(0);
        Supervised task = supervisor.start("guard", () -> {
            begun.release();
            over.await();
            ended.release();
        });
        begun.acquire();
        task.expectEnd();
        supervisor.close();
        over.countDown();
        ended.acquire();
    }

    /// The time that the supervising thread sees.
    private void passAwake(int seconds) {
        for (int i = 0; i < seconds; i++) {
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            look();
        }
    }

    private void idle() throws InterruptedException {
        new CountDownLatch(1).await(1, TimeUnit.HOURS);
    }

    private void pass(Duration duration) {
        nanos.addAndGet(duration.toNanos());
        supervisor.wake();
    }

    /// Returns after the supervising thread has looked at all tasks at the clock's present time.
    private void look() {
        CountDownLatch looked = new CountDownLatch(1);
        ThreadStarter last = (name, run) -> {
            looked.countDown();
            return ThreadStarter.VIRTUAL.start(name, run);
        };
        try (Supervised _ = supervisor.start("look", new EndAction.Restart(), last, this::idle)) {
            looked.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitState(Supervised task, State state) {
        await().until(() -> task.status().state() == state);
    }
}
