package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/// The version that Maven built, from a file that it filled in.
public final class Version {
    /// As the poms have it.
    public static final String TEXT = read();

    private Version() {}

    private static String read() {
        Properties properties = new Properties();
        try (InputStream file = requireNonNull(Version.class.getResourceAsStream("version.properties"))) {
            properties.load(file);
        } catch (IOException e) {
            throw new IllegalStateException("the version cannot be read", e);
        }
        return requireNonNull(properties.getProperty("version"), "the version is missing");
    }
}
