package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The script `walcast` as it is in a distribution: without sources, so that it builds nothing. And the AOT cache,
/// which `rehearse` makes once for all tests.
class LauncherTest {
    /// Longer than a rehearsal is given.
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @TempDir
    private static Path root;

    private static Path dist;
    private static Path made;

    @BeforeAll
    static void makeDistribution() throws Exception {
        copy(Path.of("../walcast"), root.resolve("walcast"));
        copy(Path.of("../.mvn/jdk.sh"), root.resolve(".mvn/jdk.sh"));
        dist = Files.createDirectories(root.resolve("realtime-server/target/dist"));
        copy(Path.of("src/main/dist/java.options"), dist.resolve("java.options"));
        List<String> libraries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (Files.isRegularFile(path) && !entry.endsWith("-tests.jar")) {
                copy(path, dist.resolve(path.getFileName()));
                libraries.add(path.getFileName().toString());
            } else if (path.endsWith("target/classes") && !path.equals(ownClasses())) {
                String name = path.getParent().getParent().getFileName() + ".jar";
                jar(path, dist.resolve(name), new Manifest());
                libraries.add(name);
            }
        }
        jar(ownClasses(), dist.resolve("walcast-server.jar"), manifest(libraries));
        made = rehearse();
    }

    private static Path ownClasses() {
        return Path.of("target/classes").toAbsolutePath();
    }

    private static Manifest manifest(List<String> libraries) {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "dev.walcast.server.cli.Main");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, String.join(" ", libraries));
        return manifest;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static void jar(Path folder, Path jar, Manifest manifest) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.skip(1).toList()) {
                // Flyway looks for its migrations in the entries of folders.
                boolean isFolder = Files.isDirectory(file);
                out.putNextEntry(new ZipEntry(folder.relativize(file) + (isFolder ? "/" : "")));
                if (!isFolder) {
                    Files.copy(file, out);
                }
            }
        }
    }

    private static Path rehearse() throws Exception {
        Path cache = root.resolve("made.aot");
        String jar = dist.resolve("walcast-server.jar").toString();
        try (DevProcess rehearsal = walcast("", "rehearse", "--jar=" + jar, "--cache=" + cache)) {
            assertThat(rehearsal.exitCode(PATIENCE)).isZero();
            assertThat(rehearsal.output()).matches("The AOT cache is \\d+ MB\\.\n");
        }
        return cache;
    }

    private static DevProcess walcast(String javaOptions, String... arguments) throws Exception {
        Map<String, String> environment =
                Map.of("JAVA_HOME", System.getProperty("java.home"), "WALCAST_JAVA_OPTS", javaOptions);
        return DevProcess.runScript(root.resolve("walcast"), root, environment, arguments);
    }

    @BeforeEach
    void putCache() throws IOException {
        Files.copy(made, cache(), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path cache() {
        return dist.resolve("walcast-server.aot");
    }

    /// Where a start has its first class from. It prints what it is asked for and nothing else.
    private static String sourceOfMain(String javaOptions) throws Exception {
        Path log = root.resolve("loaded.log");
        Files.deleteIfExists(log);
        try (DevProcess version = walcast(javaOptions + " -Xlog:class+load:file=" + log, "--version")) {
            assertThat(version.exitCode()).isZero();
            assertThat(version.output()).matches("walcast \\d\\S+\n");
        }
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains("dev.walcast.server.cli.Main source:"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void startFindsItsClassesInTheCache() throws Exception {
        assertThat(sourceOfMain("")).contains("shared objects file");
    }

    @Test
    void cacheOfAnotherJarIsIgnored() throws Exception {
        Path jar = dist.resolve("walcast-server.jar");
        FileTime before = Files.getLastModifiedTime(jar);
        Files.setLastModifiedTime(jar, FileTime.fromMillis(before.toMillis() + 90_000));
        try {
            assertThat(sourceOfMain("")).contains("walcast-server.jar");
        } finally {
            Files.setLastModifiedTime(jar, before);
        }
    }

    @Test
    void damagedCacheIsIgnored() throws Exception {
        byte[] cache = Files.readAllBytes(made);
        for (int i = cache.length / 4; i < cache.length / 4 * 3; i++) {
            cache[i] ^= 1;
        }
        Files.delete(cache());
        Files.write(cache(), cache);
        assertThat(sourceOfMain("")).contains("walcast-server.jar");
    }

    @Test
    void shortCacheIsIgnored() throws Exception {
        Files.delete(cache());
        Files.write(cache(), new byte[100]);
        assertThat(sourceOfMain("")).contains("walcast-server.jar");
    }

    @Test
    void missingCacheIsIgnored() throws Exception {
        Files.delete(cache());
        assertThat(sourceOfMain("")).contains("walcast-server.jar");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-XX:AOTMode=off",
                "-XX:+UseCompactObjectHeaders",
                "-XX:-UseSerialGC -XX:+UseZGC",
                "-XX:-UseSerialGC -XX:+UseG1GC",
                "-Xmx33g"
            })
    void otherOptionsStartWithoutAWord(String options) throws Exception {
        assertThat(sourceOfMain(options)).contains("source:");
    }

    @Test
    void failedRehearsalIsOneLine() throws Exception {
        Path none = root.resolve("none.aot");
        try (DevProcess rehearsal =
                walcast("", "rehearse", "--jar=" + root.resolve("missing/walcast-server.jar"), "--cache=" + none)) {
            assertThat(rehearsal.exitCode(PATIENCE)).isZero();
            assertThat(rehearsal.output()).matches("No AOT cache is made: .*\n");
        }
        assertThat(none).doesNotExist();
    }
}
