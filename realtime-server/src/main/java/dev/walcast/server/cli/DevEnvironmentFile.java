package dev.walcast.server.cli;

import dev.walcast.server.settings.SettingsSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The `dev.env` that `walcast dev` leaves in its data folder, so that the other commands need no settings beside it.
final class DevEnvironmentFile {
    static final String NAME = "dev.env";

    private DevEnvironmentFile() {}

    /// Null when there is no such file or no such name in it.
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
