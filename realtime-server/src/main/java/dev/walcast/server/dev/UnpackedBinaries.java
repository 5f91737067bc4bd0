package dev.walcast.server.dev;

import static java.util.Objects.requireNonNull;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the binaries of the embedded Postgres. On first use it unpacks them with `tar`, in less than half of the
/// library's time, to the place where the library looks for them. Without `tar` or `xz`, or when the library looks
/// elsewhere, the library unpacks them itself.
final class UnpackedBinaries implements PgBinaryResolver {
    private static final Logger log = LoggerFactory.getLogger(UnpackedBinaries.class);
    private static final List<String> TAR = List.of("tar", "-xJf", "-", "-C");

    private final Path folder;
    private final List<String> unpacker;

    /// @param folder the library's working directory, which nothing else uses
    UnpackedBinaries(Path folder) {
        this(folder, TAR);
    }

    /// @param unpacker a command that unpacks its standard input into the folder that is its last argument
    UnpackedBinaries(Path folder, List<String> unpacker) {
        this.folder = requireNonNull(folder, "folder is null");
        this.unpacker = List.copyOf(unpacker);
    }

    @Override
    public InputStream getPgBinary(String system, String architecture) throws IOException {
        InputStream packed = DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, architecture);
        if (packed == null) {
            throw new IOException("there is no embedded Postgres for " + system + " on " + architecture);
        }
        try (packed) {
            byte[] archive = packed.readAllBytes();
            provide(archive);
            return new ByteArrayInputStream(archive);
        }
    }

    private void provide(byte[] archive) throws IOException {
        Path place = folder.resolve("PG-" + md5(archive));
        if (Files.exists(place)) {
            // an earlier version, or the library, may have left it accessible to all
            PrivateFile.restrictAll(place);
            return;
        }
        Path unfinished = folder.resolve("unpacking");
        delete(unfinished);
        PrivateFile.createFolder(unfinished);
        try {
            if (unpack(archive, unfinished)) {
                Files.createFile(unfinished.resolve(".exists"));
                PrivateFile.restrictAll(unfinished);
                Files.move(unfinished, place);
            }
        } catch (IOException e) {
            log.debug("The library unpacks the binaries of Postgres", e);
        } finally {
            delete(unfinished);
        }
    }

    private boolean unpack(byte[] archive, Path into) throws IOException {
        Process process = new ProcessBuilder(Stream.concat(unpacker.stream(), Stream.of(into.toString()))
                        .toList())
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD)
                .start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(archive);
        }
        try {
            return process.waitFor() == 0;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// The folder's name in the library.
    private static String md5(byte[] archive) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(archive));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
