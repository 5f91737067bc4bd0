package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The script and the image start the JVM with the same flags.
class LauncherFlagsTest {
    @ParameterizedTest
    @ValueSource(strings = {"../walcast", "src/main/docker/Dockerfile"})
    void scriptAndImageHaveTheSameFlags(String file) throws IOException {
        String text = Files.readString(Path.of(file));
        String start = text.substring(Math.max(text.lastIndexOf("\nexec "), text.lastIndexOf("\nENTRYPOINT")));
        assertThat(start).contains("/java.options\"", "-XX:AOTCache=", "/walcast-server.aot\"");
        assertThat(start.replaceAll("\\$\\{WALCAST_JAVA_OPTS:-}", ""))
                .as("options beside the shared ones")
                .doesNotContainPattern("-XX:(?!AOTCache=)|-D|-Xs|--enable");
    }

    @Test
    void exhaustedHeapEndsTheProcess() throws IOException {
        assertThat(Files.readAllLines(Path.of("src/main/dist/java.options"))).contains("-XX:+ExitOnOutOfMemoryError");
    }
}
