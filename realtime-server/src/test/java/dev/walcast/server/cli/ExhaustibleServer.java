package dev.walcast.server.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The real server in a process whose heap a test can exhaust: as soon as a file exists, a thread allocates all that is
/// left and keeps it.
public final class ExhaustibleServer {
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
        List<byte[]> kept = new ArrayList<>();
        try {
            while (!Files.deleteIfExists(trigger)) {
                Thread.sleep(20);
            }
            while (true) {
                kept.add(new byte[PIECE_BYTES]);
            }
        } catch (InterruptedException | java.io.IOException e) {
            throw new IllegalStateException("kept " + kept.size(), e);
        }
    }
}
