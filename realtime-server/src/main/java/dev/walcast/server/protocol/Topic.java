package dev.walcast.server.protocol;

import java.util.Optional;

/// A topic that clients may join: `realtime:<name>` on the wire.
///
/// @param text as it stands on the wire, with the prefix
public record Topic(String text) {
    private static final String PREFIX = "realtime:";

    public Topic {
        if (!text.startsWith(PREFIX)) {
            throw new IllegalArgumentException("a topic without the prefix " + PREFIX);
        }
    }

    /// Reads the topic that a message names; empty when clients may not join it.
    public static Optional<Topic> read(String text) {
        return text.startsWith(PREFIX) ? Optional.of(new Topic(text)) : Optional.empty();
    }

    /// The topic of this name, which comes without the prefix.
    public static Topic named(String name) {
        return new Topic(PREFIX + name);
    }

    /// The name without the prefix. May be empty; no client may join that topic.
    public String name() {
        return text.substring(PREFIX.length());
    }
}
