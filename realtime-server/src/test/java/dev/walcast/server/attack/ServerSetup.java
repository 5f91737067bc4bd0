package dev.walcast.server.attack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a server under attack is started.
///
/// @param heap        the value of `-Xmx`
/// @param descriptors the limit of file descriptors; 0 for the default
/// @param disk        the folder of its temporary files, if that matters
record ServerSetup(String heap, int descriptors, @Nullable Path disk, Map<String, String> settings) {
    private static final Path OPTIONS = Path.of("src/main/dist/java.options");
    private static final Path LOGGING = Path.of("src/main/resources/logback.xml");

    /// The options of the distribution, so that a change of them is attacked too, and the heap.
    List<String> flags() throws IOException {
        List<String> all = new ArrayList<>();
        try (var lines = Files.lines(OPTIONS)) {
            lines.filter(line -> line.startsWith("-")).forEach(all::add);
        }
        all.add("-Xmx" + heap);
        all.add("-Dlogback.configurationFile=" + LOGGING.toAbsolutePath());
        if (disk != null) {
            all.add("-Djava.io.tmpdir=" + disk);
        }
        return all;
    }
}
