package dev.walcast.server.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private static byte[] get(UnpackedBinaries binaries) throws IOException {
        try (var archive = binaries.getPgBinary("Linux", "amd64")) {
            return archive.readAllBytes();
        }
    }

    @Test
    void theLibraryTakesWhatIsUnpacked() throws Exception {
        Path binaries = Files.createDirectories(folder.resolve("postgres-binaries"));
        byte[] first = get(new UnpackedBinaries(binaries));
        assertThat(names(binaries)).singleElement().asString().startsWith("PG-");
        Path postgres = binaries.resolve(names(binaries).getFirst()).resolve("bin/postgres");
        assertThat(postgres).isExecutable();
        Object written = Files.getAttribute(postgres, "unix:ctime");
        assertThat(get(new UnpackedBinaries(binaries))).isEqualTo(first);
        try (DevDatabase database = DevDatabase.start(folder, 0)) {
            assertThat(names(binaries))
                    .filteredOn(name -> name.startsWith("PG-"))
                    .hasSize(1);
        }
        assertThat(Files.getAttribute(postgres, "unix:ctime"))
                .as("nobody has unpacked it again")
                .isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "there-is-no-such-program"})
    void whatCannotBeUnpackedIsLeftToTheLibrary(String unpacker) throws Exception {
        assertThat(get(new UnpackedBinaries(folder, List.of(unpacker)))).hasSizeGreaterThan(1_000_000);
        assertThat(folder).isEmptyDirectory();
    }
}
