package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The script and the image start the JVM with the same flags.
class LauncherFlagsTest {
    private static final Pattern FLAG = Pattern.compile("--?[A-Za-z][\\w.:+-]*(=[^\\s\"]+)?");

    @Test
    void scriptAndImageHaveTheSameFlags() throws IOException {
        String script = line(Path.of("../walcast"), "flags=");
        String image = Files.readString(Path.of("src/main/docker/Dockerfile"));
        image = image.substring(image.indexOf("ENTRYPOINT"), image.indexOf("\"-cp\""));
        List<String> flags = flags(script);
        assertThat(flags(image)).containsExactlyInAnyOrderElementsOf(flags);
        assertThat(flags).contains("-XX:+ExitOnOutOfMemoryError");
    }

    private static String line(Path file, String start) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> flags(String text) {
        return FLAG.matcher(text).results().map(result -> result.group()).toList();
    }
}
