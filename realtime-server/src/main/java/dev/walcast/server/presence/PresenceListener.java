package dev.walcast.server.presence;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.topic.EncodedBroadcast;

/// Receives a topic's presence for one channel. Safe for any thread.
public interface PresenceListener {
    /// Counts the memory that the client makes the server hold.
    MemoryAccount memory();

    /// Delivers the presences; diffs follow. Called with the lock of the topic's presence held; must not block.
    void deliverPresenceState(PresenceState state);

    /// Delivers the changes since. Called with the lock of the topic's presence held; must not block.
    void deliverPresenceDiff(EncodedBroadcast diff);
}
