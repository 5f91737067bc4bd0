package dev.walcast.server.presence;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.topic.EncodedBroadcast;

/// The channel of a member, as the presence of its topic needs it. Safe for any thread.
public interface PresenceListener {
    /// Counts what the client makes the server hold.
    MemoryAccount memory();

    /// Hands over who is present; diffs follow. Called with the lock of the topic's presence held; must not block.
    void deliverPresenceState(PresenceState state);

    /// Hands over what has changed since. Called with the lock of the topic's presence held; must not block.
    void deliverPresenceDiff(EncodedBroadcast diff);
}
