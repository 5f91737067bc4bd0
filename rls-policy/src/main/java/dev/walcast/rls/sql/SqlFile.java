package dev.walcast.rls.sql;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// Reads SQL that is kept in a file beside the class that runs it.
public final class SqlFile {
    private SqlFile() {}

    /// @param user of the file, in the same package
    /// @param name of the file, such as `tables.sql`; one that is missing throws
    public static String read(Class<?> user, String name) {
        try (InputStream file = requireNonNull(user.getResourceAsStream(name), name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
