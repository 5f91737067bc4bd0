package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.testing.NodeScript;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `walcast dev` and its page in a real browser. With `-Dwalcast.write-docs` the test writes the picture of
/// README.md.
class DemoPageTest {
    private static final Path PICTURE = Path.of("..", "docs", "images", "demo.png");
    private static final long LARGEST_PICTURE = 150_000;

    @TempDir
    private Path data;

    @Test
    void demoPageShowsCommittedRows() throws Exception {
        NodeScript.assumeBrowser();
        Path screenshots = Files.createDirectories(Path.of("target/screenshots").toAbsolutePath());
        try (DevProcess dev = DevProcess.start(data)) {
            Map<String, String> environment = dev.environment();
            try (NodeScript browser = NodeScript.start("page.mjs", screenshots.toString(), environment)) {
                int exitCode = browser.exitCode(Duration.ofSeconds(120));
                assertThat(exitCode).as(browser.transcript().toString()).isZero();
            }
        }
        if (System.getProperty("walcast.write-docs") != null) {
            Files.copy(screenshots.resolve("demo.png"), PICTURE, StandardCopyOption.REPLACE_EXISTING);
        }
        assertThat(PICTURE).exists();
        assertThat(Files.size(PICTURE)).isLessThan(LARGEST_PICTURE);
    }
}
