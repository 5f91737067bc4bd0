package dev.walcast.server.log;

import static java.util.Objects.requireNonNull;

/// A text that must not appear in a log, an error or a metric. Printing it prints asterisks.
public record Secret(String reveal) {
    public Secret {
        requireNonNull(reveal, "secret is null");
    }

    @Override
    public String toString() {
        return "*****";
    }
}
