package dev.walcast.server.cli;

import dev.walcast.server.dev.DemoDatabase;
import dev.walcast.server.dev.DevDatabase;
import dev.walcast.server.dev.DevEnvironment;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Makes an AOT cache. A `walcast serve` of the distribution records what it loads and links while a client uses it,
/// and
/// the JVM writes the cache from that record.
///
/// The database is an embedded Postgres of this process, so that the recorded class path is the distribution's own. All
/// that is opened is handed over to be closed, whenever the caller gives up.
final class Rehearsal implements Callable<Path> {
    private static final Pattern LISTENING = Pattern.compile("listening on port (\\d+)");

    private final Path jar;
    private final Path cache;
    private final CloseStack opened;

    /// @param jar beside which `java.options` lies
    Rehearsal(Path jar, Path cache, CloseStack opened) {
        this.jar = jar.toAbsolutePath();
        this.cache = cache.toAbsolutePath();
        this.opened = opened;
    }

    /// @return the cache
    /// @throws Exception in any case in which there is no cache
    @Override
    public Path call() throws Exception {
        Path folder = Files.createTempDirectory("walcast-rehearsal");
        opened.add(() -> delete(folder));
        DevDatabase postgres = DevDatabase.start(folder, 0);
        opened.add(postgres);
        DemoDatabase demo = DemoDatabase.prepare(postgres);
        opened.add(demo);
        DevEnvironment keys = DevEnvironment.load(folder, postgres.superuserUrl(), Clock.systemUTC());

        Path record = folder.resolve("aot.conf");
        record(record, demo, keys);
        Path unfinished = cache.resolveSibling(cache.getFileName() + ".unfinished");
        opened.add(() -> Files.deleteIfExists(unfinished));
        Process writer =
                java(Map.of(), "-XX:AOTMode=create", "-XX:AOTConfiguration=" + record, "-XX:AOTCache=" + unfinished);
        String said = output(writer);
        if (writer.waitFor() != 0 || !Files.exists(unfinished)) {
            throw new IOException("the JVM does not write it: " + said);
        }
        return Files.move(unfinished, cache, StandardCopyOption.REPLACE_EXISTING);
    }

    private void record(Path record, DemoDatabase demo, DevEnvironment keys) throws Exception {
        Map<String, String> settings = Map.of(
                "DATABASE_URL", demo.serverUrl(),
                "EVALUATION_DATABASE_URL", demo.evaluationUrl(),
                "JWT_SECRET", keys.jwtSecret(),
                "HOST", "127.0.0.1",
                "PORT", "0");
        Process server = java(settings, "-XX:AOTMode=record", "-XX:AOTConfiguration=" + record);
        new RehearsalClient(port(server), keys).use(demo.dataSource());
        // SIGTERM. Process.destroy would also close the streams.
        server.toHandle().destroy();
        String said = output(server);
        server.waitFor();
        if (!Files.exists(record)) {
            throw new IOException("the server leaves no record: " + said);
        }
    }

    /// @param settings the whole environment, so that the caller's has no effect
    private Process java(Map<String, String> settings, String... options) throws IOException {
        List<String> program = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + jar.resolveSibling("java.options"),
                "-Xlog:aot=error,cds=error");
        ProcessBuilder builder = new ProcessBuilder(
                        Stream.of(program, List.of(options), List.of("-jar", jar.toString(), "serve"))
                                .flatMap(List::stream)
                                .toList())
                .redirectErrorStream(true);
        builder.environment().keySet().retainAll(List.of("PATH", "HOME", "TMPDIR"));
        builder.environment().putAll(settings);
        Process process = builder.start();
        opened.add(process::destroyForcibly);
        process.getOutputStream().close();
        return process;
    }

    private static int port(Process server) throws IOException {
        StringBuilder said = new StringBuilder();
        BufferedReader lines = server.inputReader();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                return Integer.parseInt(listening.group(1));
            }
            said.append(line).append(' ');
        }
        throw new IOException("the server does not start: " + said);
    }

    private static String output(Process process) throws IOException {
        StringBuilder said = new StringBuilder();
        process.inputReader().lines().forEach(line -> said.append(line).append(' '));
        return said.toString().strip();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
