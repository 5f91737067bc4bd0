package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

/// A topic as messages name it. Clients may join those that begin with `realtime:`; the others are only echoed.
///
/// @param text as it stands on the wire, with the prefix
public record Topic(String text) {
    private static final String PREFIX = "realtime:";

    public Topic {
        requireNonNull(text, "text is null");
    }

    /// The topic that clients join under this name, which comes without the prefix.
    public static Topic named(String name) {
        return new Topic(PREFIX + name);
    }

    /// Whether the topic has a name. A topic with an empty name has one, although no client may join it.
    public boolean isNamed() {
        return text.startsWith(PREFIX);
    }

    /// The name without the prefix.
    ///
    /// @throws IllegalStateException unless [#isNamed]
    public String name() {
        if (!isNamed()) {
            throw new IllegalStateException("a topic without the prefix " + PREFIX);
        }
        return text.substring(PREFIX.length());
    }

    /// The length of the text in bytes of UTF-8.
    public int bytes() {
        return text.getBytes(UTF_8).length;
    }
}
