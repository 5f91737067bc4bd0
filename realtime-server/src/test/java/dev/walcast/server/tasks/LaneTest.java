package dev.walcast.server.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.memory.MemoryBudget;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LaneTest {
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    private final Lane lane = new Lane(Thread::startVirtualThread, waiting(1_000), failures::add);

    private static WaitingBytes waiting(int bytes) {
        return new WaitingBytes(bytes, new MemoryBudget(1 << 20, 1 << 20, System::nanoTime).open(() -> {}));
    }

    @Test
    void taskWithoutWaitRunsOnCaller() {
        List<Thread> threads = new ArrayList<>();
        assertThat(lane.submit(() -> threads.add(Thread.currentThread()), () -> false, 1))
                .isTrue();
        assertThat(threads).containsExactly(Thread.currentThread());
    }

    @Test
    void tasksNeverOverlap() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Runnable work = () -> {
            overlaps.addAndGet(inside.getAndIncrement());
            Thread.yield();
            inside.decrementAndGet();
            done.incrementAndGet();
        };
        List<Thread> givers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            boolean appends = i % 2 == 0;
            givers.add(Thread.ofVirtual().start(() -> {
                for (int n = 0; n < 5_000; n++) {
                    if (appends) {
                        lane.append(work);
                    } else {
                        while (!lane.submit(work, () -> false, 0)) {
                            Thread.yield();
                        }
                    }
                }
            }));
        }
        for (Thread giver : givers) {
            giver.join();
        }
        await().until(() -> done.get() == 20_000);
        assertThat(overlaps).hasValue(0);
        assertThat(failures).isEmpty();
    }

    @Test
    void taskGivenDuringTaskFollowsIt() {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        lane.submit(
                () -> {
                    lane.append(() -> order.add("second"));
                    order.add("first");
                },
                () -> false,
                0);
        lane.append(() -> order.add("third"));
        await().until(() -> order.size() == 3);
        assertThat(order).containsExactly("first", "second", "third");
    }

    @Test
    void errorIsReportedAndLaneContinues() {
        CountDownLatch done = new CountDownLatch(1);
        lane.append(() -> {
            throw new StackOverflowError("for the test");
        });
        lane.append(done::countDown);
        await().until(() -> done.getCount() == 0);
        assertThat(failures).hasSize(1).first().isInstanceOf(StackOverflowError.class);
    }

    @Test
    void taskWaitsForAThread() {
        AtomicInteger refusals = new AtomicInteger(3);
        ThreadFactory scarce = run -> {
            if (refusals.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return Thread.ofVirtual().unstarted(run);
        };
        try (Timers timers = new Timers(scarce)) {
            Lane own = new Lane(timers::startNow, waiting(10), failures::add);
            List<String> done = Collections.synchronizedList(new ArrayList<>());
            own.append(() -> done.add("first"));
            own.append(() -> done.add("second"));
            await().until(() -> done.size() == 2);
            own.append(() -> done.add("third"));
            await().until(() -> done.size() == 3);
            assertThat(done).containsExactly("first", "second", "third");
        }
    }

    @Test
    void failingHandlerDoesNotStopLane() {
        Lane own = new Lane(Thread::startVirtualThread, waiting(10), e -> {
            throw new IllegalStateException("for the test", e);
        });
        CountDownLatch done = new CountDownLatch(1);
        own.append(() -> {
            throw new IllegalStateException("for the test");
        });
        own.append(done::countDown);
        await().until(() -> done.getCount() == 0);
    }
}
