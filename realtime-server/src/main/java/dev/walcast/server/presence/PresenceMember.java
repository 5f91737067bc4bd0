package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import org.jspecify.annotations.Nullable;

/// A channel that takes part in a topic's presence.
public final class PresenceMember {
    private final PresenceListener listener;
    private final PresenceRoom room;
    private final PresenceKey key;

    // guarded by the room's lock
    @Nullable
    PresenceMeta meta;

    boolean hasLeft;

    public PresenceMember(PresenceListener listener, PresenceRoom room, PresenceKey key) {
        this.listener = requireNonNull(listener, "listener is null");
        this.room = requireNonNull(room, "room is null");
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
    public PresenceRoom room() {
        return room;
    }

    /// The key under which its metas are listed.
    public PresenceKey key() {
        return key;
    }
}
