package dev.walcast.server.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A script of `src/test/js` run by Node.js. It reports events and receives commands as JSON lines.
public final class NodeScript implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FOLDER = Path.of("src/test/js").toAbsolutePath();

    private final Process process;
    private final OutputStream commands;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> transcript = java.util.Collections.synchronizedList(new ArrayList<>());

    private NodeScript(Process process) {
        this.process = process;
        this.commands = process.getOutputStream();
        Thread.ofVirtual().start(this::read);
    }

    /// Null when Node.js 20 or newer is here; otherwise why the tests that need it cannot run.
    public static String whyNot() {
        try {
            Process version = new ProcessBuilder("node", "--version").start();
            String text = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int major = Integer.parseInt(text.substring(1, text.indexOf('.')));
            return major >= 20 ? null : "Node.js " + text + " is too old; 20 or newer is needed";
        } catch (IOException | RuntimeException e) {
            return "Node.js is not installed";
        }
    }

    /// Null when scripts can open a browser here; otherwise why not. The package with the browser has one for Linux on
    /// x86-64 only.
    public static String whyNoBrowser() {
        boolean linux = System.getProperty("os.name").equals("Linux");
        boolean x86 = System.getProperty("os.arch").equals("amd64");
        return linux && x86 ? whyNot() : "the browser of the tests runs on Linux with x86-64 only";
    }

    /// Skips the test that calls this where Node.js is missing.
    public static void assumeNode() {
        String whyNot = whyNot();
        assumeTrue(whyNot == null, whyNot);
    }

    /// Skips the test that calls this where scripts cannot open a browser.
    public static void assumeBrowser() {
        String whyNot = whyNoBrowser();
        assumeTrue(whyNot == null, whyNot);
    }

    public static NodeScript start(String script, String argument, Map<String, String> environment) throws Exception {
        return startNode(environment, "node", script, argument);
    }

    /// A module that is no file; it imports as if it stood beside the others.
    public static NodeScript startModule(String text, Map<String, String> environment) throws Exception {
        return startNode(environment, "node", "--input-type=module", "--eval", text);
    }

    private static NodeScript startNode(Map<String, String> environment, String... command) throws Exception {
        installPackages();
        ProcessBuilder builder = new ProcessBuilder(command).directory(FOLDER.toFile());
        builder.environment().putAll(environment);
        return new NodeScript(builder.redirectErrorStream(true).start());
    }

    /// A program on this test's class path that speaks as the scripts do.
    public static NodeScript startJvm(String mainClass, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx200m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                mainClass);
        builder.environment().putAll(environment);
        return new NodeScript(builder.redirectErrorStream(true).start());
    }

    /// Once for each lock file, whichever test comes first.
    private static void installPackages() throws Exception {
        Path stamp = FOLDER.resolve("node_modules/.installed");
        Path lock = FOLDER.resolve("package-lock.json");
        try (FileChannel channel = FileChannel.open(
                        FOLDER.resolve("../../../target/npm.lock").normalize(),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            if (Files.exists(stamp)
                    && Files.getLastModifiedTime(stamp).compareTo(Files.getLastModifiedTime(lock)) >= 0) {
                return;
            }
            Process npm = new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
                    .directory(FOLDER.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(npm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!npm.waitFor(5, TimeUnit.MINUTES) || npm.exitValue() != 0) {
                throw new IllegalStateException("npm ci failed: " + output);
            }
            Files.writeString(stamp, "");
        }
    }

    private void read() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                transcript.add(line);
                lines.add(line);
            }
        } catch (IOException e) {
            transcript.add("(the script's output ended: " + e.getMessage() + ")");
        }
    }

    public void command(String json) throws IOException {
        commands.write((json + "\n").getBytes(StandardCharsets.UTF_8));
        commands.flush();
    }

    /// The next line that the predicate accepts; others are passed over.
    public JsonNode await(String event, Predicate<JsonNode> accepts) throws Exception {
        return await(event, accepts, Duration.ofSeconds(30));
    }

    public JsonNode await(String event, Predicate<JsonNode> accepts, Duration patience) throws Exception {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            String line = lines.poll(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new AssertionError("no such " + event + " among " + transcript);
            }
            if (line.startsWith("{")) {
                JsonNode node = JSON.readTree(line);
                if (node.path("event").asText().equals(event) && accepts.test(node)) {
                    return node;
                }
            }
        }
    }

    /// Waits until the server reports that changes flow.
    public void awaitLive() throws Exception {
        await("system", line -> line.at("/message/message").asText().equals("Subscribed to PostgreSQL"));
    }

    /// The exit code; everything the script printed is in the failure.
    public int exitCode(Duration patience) throws Exception {
        if (!process.waitFor(patience.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the script does not end: " + transcript);
        }
        return process.exitValue();
    }

    public List<String> transcript() {
        return List.copyOf(transcript);
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
