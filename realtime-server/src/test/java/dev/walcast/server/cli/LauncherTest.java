package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.TestServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The script `walcast` as it is in a distribution: without sources, so that it builds nothing.
class LauncherTest {
    /// The archive is written when a process ends, by all that is left of a loaded machine.
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static TestPostgres postgres;

    @TempDir
    private Path root;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute("create publication supabase_realtime");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void makeDistribution() throws IOException {
        copy(Path.of("../walcast"), root.resolve("walcast"));
        copy(Path.of("../.mvn/jdk.sh"), root.resolve(".mvn/jdk.sh"));
        Path dist = Files.createDirectories(root.resolve("realtime-server/target/dist"));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (Files.isRegularFile(path) && !entry.endsWith("-tests.jar")) {
                copy(path, dist.resolve(path.getFileName()));
            } else if (path.endsWith("target/classes")) {
                Path module = path.getParent().getParent().getFileName();
                jar(path, dist.resolve(module.endsWith("realtime-server") ? "walcast-server.jar" : module + ".jar"));
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static void jar(Path folder, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
    }

    @Test
    void archiveIsUsedUntilJarChanges() throws Exception {
        try (DevProcess one = serve("one", "");
                DevProcess other = serve("other", "")) {
            awaitQuietStart(one);
            awaitQuietStart(other);
        }
        Path archive = awaitArchive();
        assertThat(sourceOfMain()).as("of the second start").contains("shared objects file");

        Files.setLastModifiedTime(
                root.resolve("realtime-server/target/dist/walcast-server.jar"),
                FileTime.from(Instant.now().plusSeconds(90)));
        assertThat(sourceOfMain()).as("with another jar").contains("walcast-server.jar");
        await().atMost(PATIENCE).until(() -> !archives().contains(archive));
        awaitArchive();
    }

    @Test
    void damagedArchiveIsNotUsed() throws Exception {
        try (DevProcess serve = serve("before", "")) {
            awaitQuietStart(serve);
        }
        Path archive = awaitArchive();
        Files.write(archive, damaged(Files.readAllBytes(archive)));
        assertThat(sourceOfMain()).as("with a damaged archive").contains("walcast-server.jar");
    }

    private static byte[] damaged(byte[] archive) {
        for (int i = archive.length / 4; i < archive.length / 4 * 3; i++) {
            archive[i] ^= 1;
        }
        return archive;
    }

    @Test
    void startWorksWithoutArchiveFolder() throws Exception {
        Path archives = Files.createFile(root.resolve("realtime-server/target/startup"));
        try (DevProcess serve = serve("noplace", "")) {
            awaitQuietStart(serve);
        }
        assertThat(archives).isEmptyFile();
    }

    private DevProcess serve(String slot, String javaOptions) throws Exception {
        Map<String, String> environment = Map.of(
                "LOG_LEVEL",
                "error",
                "DATABASE_URL",
                postgres.url(),
                "JWT_SECRET",
                TestServer.SECRET,
                "HOST",
                "127.0.0.1",
                "PORT",
                "0",
                "SLOT_NAME",
                slot,
                "READER",
                "native",
                "JAVA_HOME",
                System.getProperty("java.home"),
                "WALCAST_JAVA_OPTS",
                javaOptions);
        return DevProcess.runScript(root.resolve("walcast"), root, environment, "serve");
    }

    private static void awaitQuietStart(DevProcess serve) throws IOException {
        await().atMost(PATIENCE).until(() -> serve.output().contains("listening on port") || !serve.isAlive());
        assertThat(serve.output()).matches("Walcast is listening on port \\d+\n");
    }

    /// Where a start has the server's first class from.
    private String sourceOfMain() throws Exception {
        Path log = root.resolve("loaded.log");
        Files.deleteIfExists(log);
        try (DevProcess serve = serve("one", "-Xlog:class+load:file=" + log)) {
            awaitQuietStart(serve);
        }
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains("dev.walcast.server.cli.Main source:"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /// And nothing of what it was made of.
    private Path awaitArchive() {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(archives())
                        .singleElement()
                        .satisfies(file -> assertThat(file).hasExtension("jsa").isNotEmptyFile()));
        return archives().getFirst();
    }

    private List<Path> archives() {
        try (Stream<Path> files = Files.list(root.resolve("realtime-server/target/startup"))) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
