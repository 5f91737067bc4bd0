package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// Gives the version that Maven built, from a file that it filled in.
final class BuiltVersion implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        Properties properties = new Properties();
        try (InputStream file = requireNonNull(BuiltVersion.class.getResourceAsStream("version.properties"))) {
            properties.load(file);
        }
        return new String[] {"walcast " + properties.getProperty("version")};
    }
}
