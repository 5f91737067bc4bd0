package dev.walcast.cdc.supervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PeriodicTest {
    private static final Duration SHORT = Duration.ofMillis(5);
    private static final Duration LONG = Duration.ofHours(1);
    private static final SupervisorPolicy HASTY = new SupervisorPolicy(
            SHORT,
            SHORT,
            Duration.ofMinutes(1),
            1_000,
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofMillis(500),
            Duration.ofMinutes(5));

    private final Supervisor supervisor = new Supervisor(HASTY, System::nanoTime, _ -> {});
    private final List<String> calls = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        supervisor.close();
    }

    /// Records its calls; the first time that it works, it throws.
    private final class Recorded implements Periodic.Work {
        private final AtomicInteger works = new AtomicInteger();

        @Override
        public void begin(TaskActivity activity) {
            calls.add("begin");
        }

        @Override
        public void run(TaskActivity activity) {
            calls.add("work");
            if (works.incrementAndGet() == 1) {
                throw new IllegalStateException("the test wants it");
            }
        }

        @Override
        public void end() {
            calls.add("end");
        }
    }

    @Test
    void worksAgainAfterEachPause() {
        AtomicInteger works = new AtomicInteger();
        new Periodic("often", SHORT, _ -> works.incrementAndGet()).startWithPause(supervisor);
        await().until(() -> works.get() > 2);
    }

    @Test
    void worksAtOnceOrAfterPause() throws Exception {
        CountDownLatch worked = new CountDownLatch(1);
        AtomicInteger paused = new AtomicInteger();
        new Periodic("later", LONG, _ -> paused.incrementAndGet()).startWithPause(supervisor);
        new Periodic("now", LONG, _ -> worked.countDown()).start(supervisor);
        worked.await();
        assertThat(paused).hasValue(0);
    }

    @Test
    void errorEndsAndRestartsTask() {
        new Periodic("recorded", SHORT, new Recorded()).start(supervisor);
        await().until(() -> calls.size() > 4);
        assertThat(calls).startsWith("begin", "work", "end", "begin", "work");
    }

    @Test
    void closeEndsPauseWithoutRestart() {
        Periodic periodic = new Periodic("closed", LONG, new Recorded());
        periodic.startWithPause(supervisor);
        await().until(() -> calls.contains("begin"));
        periodic.close();
        await().until(() -> supervisor.tasks().isEmpty());
        assertThat(calls).containsExactly("begin", "end");
    }

    @Test
    void pauseIsNoHangAndWorkIs() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        new Periodic("pausing", LONG, _ -> {}).start(supervisor);
        await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(20)).until(supervisor::checkAlive);
        new Periodic("hanging", LONG, _ -> released.await()).start(supervisor);
        await().until(() -> !supervisor.checkAlive());
        released.countDown();
        await().until(supervisor::checkAlive);
    }
}
