package dev.walcast.server.settings;

import java.util.List;

/// Thrown for invalid settings. Lists all problems, one sentence each.
public final class SettingsException extends Exception {
    private static final long serialVersionUID = 1L;

    public SettingsException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
    }
}
