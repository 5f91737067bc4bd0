package dev.walcast.server.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.Deque;
import java.util.LinkedList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class HeapWatchTest {
    private static final long SECOND = 1_000_000_000;

    private final AtomicInteger ends = new AtomicInteger();
    private long nanos = Long.MAX_VALUE - 5 * SECOND; // a clock may overflow
    private long millis;
    private double used = 0.9;
    private final HeapWatch watch = new HeapWatch(
            new HeapWatch.Collections() {
                @Override
                public long millis() {
                    return millis;
                }

                @Override
                public double usedShare() {
                    return used;
                }
            },
            HeapWatch.STARVED_MAX,
            nanos,
            ends::incrementAndGet);

    private void pass(int seconds, int collectingMillis) {
        for (int i = 0; i < seconds; i++) {
            nanos += SECOND;
            millis += collectingMillis;
            watch.look(nanos);
        }
    }

    @Test
    void starvedHeapEndsTheProcess() {
        pass(19, 950);
        assertThat(ends).hasValue(0);
        pass(1, 950);
        assertThat(ends).hasValue(1);
    }

    @Test
    void effectiveCollectionsDoNotEndIt() {
        used = 0.5;
        pass(1_000, 950);
        assertThat(ends).hasValue(0);
    }

    @Test
    void fullHeapThatServesDoesNotEndIt() {
        pass(1_000, 300);
        assertThat(ends).hasValue(0);
    }

    @Test
    void recoverySubtractsStarvedTime() {
        for (int i = 0; i < 20; i++) {
            pass(15, 950);
            pass(8, 100);
        }
        assertThat(ends).hasValue(0);
    }

    /// As after SIGSTOP in the middle of a collection.
    @Test
    void stoppedProcessDoesNotLookStarved() {
        nanos += 3_600 * SECOND;
        millis += 3_600_000;
        watch.look(nanos);
        pass(10, 10);
        assertThat(ends).hasValue(0);
    }

    /// Collections without end: a heap of live objects, and garbage that needs the little that is left.
    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseG1GC", "-XX:+UseParallelGC"})
    void nearlyFullRealHeapEndsTheProcess(String collector) throws Exception {
        Process process = new ProcessBuilder(
                        "timeout", // else it would outlive a test that is killed
                        "-s",
                        "KILL",
                        "170",
                        ProcessHandle.current().info().command().orElseThrow(),
                        collector,
                        "-Xms48m",
                        "-Xmx48m",
                        "-XX:-UseGCOverheadLimit",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NearlyFull.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(150, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(FatalErrors.MEMORY_EXIT_CODE);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly); // the JVM under timeout
            process.destroyForcibly();
        }
    }

    /// Its own errors do not end it: after each one it frees a little memory.
    public static final class NearlyFull {
        private NearlyFull() {}

        public static void main(String[] arguments) {
            Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
            HeapWatch.start(supervisor, Duration.ofSeconds(3), System::nanoTime);
            Deque<Object> live = new LinkedList<>();
            while (true) {
                try {
                    live.add(new long[8]);
                } catch (OutOfMemoryError e) {
                    for (int i = 0; i < 500; i++) {
                        live.pollLast();
                    }
                }
            }
        }
    }
}
