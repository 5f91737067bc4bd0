package dev.walcast.server.attack;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A file system of 64 MiB that can be filled. Only root can make one.
final class SmallDisk implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int BLOCK = 1 << 16;

    private final Path folder;
    private final Thread hook;

    private SmallDisk(Path folder) {
        this.folder = folder;
        this.hook = new Thread(() -> {
            try {
                unmount();
            } catch (IOException | InterruptedException _) {
                // It stays until the machine ends.
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /// Nothing when it cannot be had here.
    static Optional<SmallDisk> mount(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        return run(folder, "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder.toString())
                ? Optional.of(new SmallDisk(folder))
                : Optional.empty();
    }

    private static boolean run(Path folder, String... command) throws IOException, InterruptedException {
        try (Child child = Child.start(folder.resolveSibling("mount.log"), Map.of(), List.of(command))) {
            return child.awaitEnd(PATIENCE) && child.exitCode() == 0;
        }
    }

    Path folder() {
        return folder;
    }

    /// Not a byte is free afterwards.
    void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(filler())) {
            for (int block = BLOCK; block > 0; block /= 2) {
                writeAll(out, new byte[block]);
            }
        }
    }

    private static void writeAll(OutputStream out, byte[] block) {
        try {
            while (true) {
                out.write(block);
            }
        } catch (IOException _) {
            // It is full.
        }
    }

    void free() throws IOException {
        Files.deleteIfExists(filler());
    }

    private Path filler() {
        return folder.resolve("filler");
    }

    private void unmount() throws IOException, InterruptedException {
        run(folder, "umount", "-l", folder.toString());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        unmount();
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
