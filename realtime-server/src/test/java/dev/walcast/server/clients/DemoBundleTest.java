package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.testing.NodeScript;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The demo page's bundle, which is in the repository so that a build needs no Node.js.
class DemoBundleTest {
    private static final Path WEB = Path.of("src/main/resources/web");

    @TempDir
    private Path folder;

    @Test
    void bundleIsMadeOfItsSources() throws Exception {
        NodeScript.assumeNode();
        Path bundle = folder.resolve("app.js");
        Process build = new ProcessBuilder("sh", "src/main/frontend/build.sh", bundle.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(build.waitFor()).as(output).isZero();
        for (String file : List.of("app.js", "app.js.licenses.txt")) {
            assertThat(Files.mismatch(folder.resolve(file), WEB.resolve(file)))
                    .as("%s is out of date: run src/main/frontend/build.sh", file)
                    .isEqualTo(-1);
        }
    }
}
