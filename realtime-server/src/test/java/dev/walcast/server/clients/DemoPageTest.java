package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.testing.NodeScript;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `walcast dev` and its page, in a real browser.
class DemoPageTest {
    @TempDir
    private Path data;

    @Test
    void thePageShowsCommittedRowsInTwoClients() throws Exception {
        String whyNot = NodeScript.whyNot();
        if (whyNot != null) {
            System.out.println("DemoPageTest is skipped: " + whyNot);
        }
        assumeThat(whyNot).isNull();
        Path screenshots = Files.createDirectories(Path.of("target/screenshots").toAbsolutePath());
        try (DevProcess dev = DevProcess.start(data)) {
            Map<String, String> environment = dev.environment();
            try (NodeScript browser = NodeScript.start("page.mjs", screenshots.toString(), environment)) {
                int exitCode = browser.exitCode(Duration.ofSeconds(120));
                assertThat(exitCode).as(browser.transcript().toString()).isZero();
            }
        }
    }
}
