package dev.walcast.server.clients;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A shell that runs commands in turn, like a reader's terminal: variables, functions and the folder are kept. A
/// failing command ends it.
final class Shell implements AutoCloseable {
    private static final String DONE = "-- done --";
    private static final String ENDED = "-- ended --";

    private final Process process;
    private final OutputStream input;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private Shell(Process process) {
        this.process = process;
        this.input = process.getOutputStream();
        Thread.ofVirtual().start(this::read);
    }

    static Shell start(Path folder, Map<String, String> environment) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder("sh").directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Shell shell = new Shell(builder.start());
        shell.run("set -eu");
        return shell;
    }

    private void read() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add(e.toString());
        }
        lines.add(ENDED);
    }

    /// @return the lines that the commands print
    List<String> run(String commands) throws Exception {
        input.write((commands + "\necho '" + DONE + "'\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
        List<String> output = new ArrayList<>();
        for (String line = next(output); !line.equals(DONE); line = next(output)) {
            if (line.equals(ENDED)) {
                throw new AssertionError("a command failed: " + commands + output);
            }
            output.add(line);
        }
        return output;
    }

    private String next(List<String> output) throws InterruptedException {
        String line = lines.poll(60, TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("a command does not end: " + output);
        }
        return line;
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
