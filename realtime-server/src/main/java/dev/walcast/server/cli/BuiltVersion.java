package dev.walcast.server.cli;

import dev.walcast.server.Version;
import picocli.CommandLine.IVersionProvider;

/// Gives the version that Maven built.
final class BuiltVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"walcast " + Version.TEXT};
    }
}
