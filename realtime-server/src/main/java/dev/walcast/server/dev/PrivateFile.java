package dev.walcast.server.dev;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Creates files and folders that only their owner can access, regardless of the umask.
final class PrivateFile {
    private static final Set<PosixFilePermission> OF_FILES = Set.copyOf(PosixFilePermissions.fromString("rw-------"));
    private static final Set<PosixFilePermission> OF_FOLDERS = Set.copyOf(PosixFilePermissions.fromString("rwx------"));

    private PrivateFile() {}

    static void write(Path file, String content) throws IOException {
        create(file);
        Files.writeString(file, content);
    }

    static String readOrCreate(Path file, Supplier<String> content) throws IOException {
        if (!Files.exists(file)) {
            write(file, content.get());
        }
        return Files.readString(file).strip();
    }

    /// Creates an empty file if there is none.
    static Path create(Path file) throws IOException {
        if (!Files.exists(file)) {
            Files.createFile(file, attributes(OF_FILES));
        }
        restrict(file, OF_FILES);
        return file;
    }

    /// Creates missing parents as well.
    static Path createFolder(Path folder) throws IOException {
        Files.createDirectories(folder, attributes(OF_FOLDERS));
        return folder;
    }

    /// Removes all rights of others from a folder and everything in it.
    static void restrictAll(Path folder) throws IOException {
        if (!isPosix()) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.filter(path -> !Files.isSymbolicLink(path)).toList()) {
                Set<PosixFilePermission> own = EnumSet.copyOf(OF_FOLDERS);
                own.retainAll(Files.getPosixFilePermissions(path));
                restrict(path, own);
            }
        }
    }

    private static void restrict(Path path, Set<PosixFilePermission> permissions) throws IOException {
        if (isPosix() && !Files.getPosixFilePermissions(path).equals(permissions)) {
            Files.setPosixFilePermissions(path, permissions);
        }
    }

    private static FileAttribute<?>[] attributes(Set<PosixFilePermission> permissions) {
        return isPosix()
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }

    private static boolean isPosix() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    }
}
