package dev.walcast.server.settings;

import java.util.List;

/// Settings that cannot be served, all problems together, one sentence each.
public final class SettingsException extends Exception {
    private static final long serialVersionUID = 1L;

    public SettingsException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
    }
}
