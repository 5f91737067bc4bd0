package dev.walcast.cdc.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Classifies errors, and runs child processes that exhaust their memory.
@Timeout(120)
class FatalErrorsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Java heap space",
                "GC overhead limit exceeded",
                "Metaspace",
                "Compressed class space",
                "Cannot reserve 16777216 bytes of direct buffer memory (allocated: 1, limit: 2)"
            })
    void exhaustedMemoryIsFatalAlsoAsACause(String message) {
        OutOfMemoryError error = new OutOfMemoryError(message);
        assertThat(FatalErrors.isMemoryExhausted(error)).isTrue();
        assertThat(FatalErrors.isMemoryExhausted(new IllegalStateException(new IOException(error))))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unable to create native thread: possibly out of memory or process/resource limits reached",
                "Requested array size exceeds VM limit",
                "Required length exceeds implementation limit"
            })
    void shortageOfThreadsAndHugeArraysAreNotFatal(String message) {
        assertThat(FatalErrors.isMemoryExhausted(new OutOfMemoryError(message))).isFalse();
    }

    @Test
    void otherErrorsAreNotFatal() {
        assertThat(FatalErrors.isMemoryExhausted(null)).isFalse();
        assertThat(FatalErrors.isMemoryExhausted(new StackOverflowError())).isFalse();
        assertThat(FatalErrors.isMemoryExhausted(new OutOfMemoryError())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"heap", "direct"})
    void exhaustedMemoryEndsTheProcess(String kind) throws Exception {
        assertThat(exitCode(List.of("-Xmx32m", "-XX:MaxDirectMemorySize=8m"), kind))
                .isEqualTo(FatalErrors.MEMORY_EXIT_CODE);
    }

    /// A thread that waits in a shutdown hook would delay an orderly exit.
    @Test
    void hangingHooksDoNotDelayTheEnd() throws Exception {
        assertThat(exitCode(List.of("-Xmx32m"), "hook")).isEqualTo(FatalErrors.MEMORY_EXIT_CODE);
    }

    private static int exitCode(List<String> flags, String kind) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "timeout",
                "-s",
                "KILL",
                "70",
                ProcessHandle.current().info().command().orElseThrow()));
        command.addAll(flags);
        command.addAll(List.of(
                "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), Exhausting.class.getName(), kind));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly); // the JVM under timeout
            process.destroyForcibly();
        }
    }

    /// A supervised task that exhausts the memory. Other threads would run forever.
    public static final class Exhausting {
        private Exhausting() {}

        public static void main(String[] arguments) throws InterruptedException {
            if (arguments[0].equals("hook")) {
                Runtime.getRuntime().addShutdownHook(new Thread(Exhausting::hang));
            }
            Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
            supervisor.start("exhausting", () -> {
                List<Object> kept = new ArrayList<>();
                while (true) {
                    kept.add(arguments[0].equals("direct") ? ByteBuffer.allocateDirect(1 << 20) : new byte[1 << 20]);
                }
            });
            hang();
        }

        private static void hang() {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
