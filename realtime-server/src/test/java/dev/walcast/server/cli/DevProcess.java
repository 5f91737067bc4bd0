package dev.walcast.server.cli;

import static org.awaitility.Awaitility.await;

import dev.walcast.server.settings.SettingsSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A process of the real `walcast` command, on this test's class path.
public final class DevProcess implements AutoCloseable {
    private final Process process;
    private final Path output;
    private final Path data;

    private DevProcess(Process process, Path output, Path data) {
        this.process = process;
        this.output = output;
        this.data = data;
    }

    /// `walcast dev` on free ports, ready to be used.
    public static DevProcess start(Path data) throws Exception {
        DevProcess dev = run(data, Map.of(), "dev", "--port", "0", "--data", data.toString());
        await().atMost(Duration.ofSeconds(90))
                .until(() -> dev.output().contains("Ctrl-C stops everything") || !dev.process.isAlive());
        if (!dev.process.isAlive()) {
            throw new AssertionError("walcast dev ended: " + dev.output());
        }
        return dev;
    }

    /// Any command.
    public static DevProcess run(Path folder, Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dlogback.configurationFile="
                        + Path.of("src/main/resources/logback.xml").toAbsolutePath(),
                "dev.walcast.server.cli.Main"));
        return run(command, folder, environment, arguments);
    }

    /// Any command, as a script runs it.
    static DevProcess runScript(Path script, Path folder, Map<String, String> environment, String... arguments)
            throws Exception {
        return run(List.of(script.toString()), folder, environment, arguments);
    }

    private static DevProcess run(
            List<String> program, Path folder, Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("walcast-output", ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().keySet().removeAll(List.of("DATABASE_URL", "JWT_SECRET", "PORT"));
        builder.environment().putAll(environment);
        return new DevProcess(builder.start(), output, folder.equals(data(arguments)) ? folder : data(arguments));
    }

    private static Path data(String... arguments) {
        for (int i = 0; i + 1 < arguments.length; i++) {
            if (arguments[i].equals("--data")) {
                return Path.of(arguments[i + 1]);
            }
        }
        return Path.of(".");
    }

    /// The contents of `dev.env`.
    public Map<String, String> environment() throws IOException {
        return SettingsSource.readFile(data.resolve("dev.env"));
    }

    public String output() throws IOException {
        return Files.readString(output);
    }

    public int exitCode() throws InterruptedException {
        return exitCode(Duration.ofMinutes(1));
    }

    int exitCode(Duration patience) throws InterruptedException {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("the command does not end");
        }
        return process.exitValue();
    }

    /// SIGTERM, as Ctrl-C or a supervisor would.
    public void terminate() {
        process.destroy();
    }

    /// kill -9.
    public void kill() throws Exception {
        process.destroyForcibly();
        process.waitFor();
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        Files.deleteIfExists(output);
    }
}
