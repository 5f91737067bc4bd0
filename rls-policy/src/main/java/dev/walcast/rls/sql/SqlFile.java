package dev.walcast.rls.sql;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// Reads an SQL file that lies beside the class that runs it.
public final class SqlFile {
    private SqlFile() {}

    /// Returns the text of the file.
    ///
    /// @param user a class in the package of the file
    /// @param name the file, such as `tables.sql`
    /// @throws NullPointerException when there is no such file
    public static String read(Class<?> user, String name) {
        try (InputStream file = requireNonNull(user.getResourceAsStream(name), name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
