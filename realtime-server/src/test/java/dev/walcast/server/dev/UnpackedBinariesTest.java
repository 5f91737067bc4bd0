package dev.walcast.server.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnpackedBinariesTest {
    @TempDir
    private Path folder;

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static boolean isPrivate(Path path) {
        try {
            String permissions = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
            return permissions.endsWith("------");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] get(UnpackedBinaries binaries) throws IOException {
        try (var archive = binaries.getPgBinary("Linux", "amd64")) {
            return archive.readAllBytes();
        }
    }

    @Test
    void libraryUsesUnpackedBinaries() throws Exception {
        Path binaries = Files.createDirectories(folder.resolve("postgres-binaries"));
        byte[] first = get(new UnpackedBinaries(binaries));
        assertThat(names(binaries)).singleElement().asString().startsWith("PG-");
        Path postgres = binaries.resolve(names(binaries).getFirst()).resolve("bin/postgres");
        assertThat(postgres).isExecutable();
        assertThat(Files.getPosixFilePermissions(postgres)).isEqualTo(PosixFilePermissions.fromString("rwx------"));
        try (Stream<Path> all = Files.walk(folder.resolve("postgres-binaries"))) {
            assertThat(all.skip(1).filter(path -> !Files.isSymbolicLink(path)))
                    .allMatch(path -> isPrivate(path), "is for its owner only");
        }
        Object written = Files.getAttribute(postgres, "unix:ctime");
        assertThat(get(new UnpackedBinaries(binaries))).isEqualTo(first);
        try (DevDatabase database = DevDatabase.start(folder, 0)) {
            assertThat(names(binaries))
                    .filteredOn(name -> name.startsWith("PG-"))
                    .hasSize(1);
        }
        for (String name : List.of("dev.lock", "postgres.log", "postgres-password", "postgres")) {
            assertThat(isPrivate(folder.resolve(name))).as(name).isTrue();
        }
        assertThat(Files.getAttribute(postgres, "unix:ctime"))
                .as("it was not unpacked again")
                .isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "there-is-no-such-program"})
    void failedUnpackingIsLeftToLibrary(String unpacker) throws Exception {
        assertThat(get(new UnpackedBinaries(folder, List.of(unpacker)))).hasSizeGreaterThan(1_000_000);
        assertThat(folder).isEmptyDirectory();
    }
}
