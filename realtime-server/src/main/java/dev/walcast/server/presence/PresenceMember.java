package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import org.jspecify.annotations.Nullable;

/// A channel that takes part in a topic's presence.
public final class PresenceMember {
    private final PresenceListener listener;
    private final TopicPresence presence;
    private final PresenceKey key;

    // guarded by the presence's lock
    @Nullable
    PresenceMeta meta;

    boolean hasLeft;

    public PresenceMember(PresenceListener listener, TopicPresence presence, PresenceKey key) {
        this.listener = requireNonNull(listener, "listener is null");
        this.presence = requireNonNull(presence, "presence is null");
        this.key = requireNonNull(key, "key is null");
    }

    PresenceListener listener() {
        return listener;
    }

    /// Counts the memory that the client makes the server hold.
    MemoryAccount memory() {
        return listener.memory();
    }

    /// The presence of the member's topic.
    public TopicPresence presence() {
        return presence;
    }

    /// The key under which its metas are listed.
    public PresenceKey key() {
        return key;
    }
}
