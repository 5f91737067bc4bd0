package dev.walcast.server;

/// The version of this build.
final class Version {
    /// As the build has it; `unknown` when the classes are not in its jar.
    static final String TEXT = text();

    private Version() {}

    private static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }
}
