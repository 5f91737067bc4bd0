package dev.walcast.server.cli;

import dev.walcast.server.settings.SettingsSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Reads the `dev.env` that `walcast dev` writes into its data folder, so that other commands need no settings.
final class DevEnvironmentFile {
    static final String NAME = "dev.env";

    private DevEnvironmentFile() {}

    /// Null when the file or the name does not exist.
    static @Nullable String value(Path dataFolder, String name) {
        Path file = dataFolder.resolve(NAME);
        if (!Files.isReadable(file)) {
            return null;
        }
        try {
            return SettingsSource.readFile(file).get(name);
        } catch (IOException e) {
            return null;
        }
    }
}
