package dev.walcast.server.cli;

import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// The real server in a process whose heap a test can exhaust: when a file exists, a thread allocates all free memory
/// and keeps it.
public final class ExhaustibleServer {
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final int PIECE_BYTES = 64 << 10;

    private ExhaustibleServer() {}

    /// @param arguments the file, then those of `walcast`
    public static void main(String[] arguments) {
        Path trigger = Path.of(arguments[0]);
        ProcessHandle.current()
                .parent()
                .ifPresent(parent -> parent.onExit()
                        .thenRun(() -> Runtime.getRuntime().halt(1))); // else it would outlive a test that is killed
        Thread.ofPlatform().daemon().name("exhausting").start(() -> exhaust(trigger));
        Main.main(List.of(arguments).subList(1, arguments.length).toArray(String[]::new));
    }

    private static void exhaust(Path trigger) {
        await().forever().pollInSameThread().pollInterval(PAUSE).until(() -> Files.deleteIfExists(trigger));
        List<byte[]> kept = new ArrayList<>();
        while (true) {
            try {
                kept.add(new byte[PIECE_BYTES]);
            } catch (OutOfMemoryError _) {
                // keeps what it has, and allocates what others free
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }
}
