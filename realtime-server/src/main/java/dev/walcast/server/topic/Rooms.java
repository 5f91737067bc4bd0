package dev.walcast.server.topic;

import dev.walcast.server.protocol.Broadcast;

/// Takes broadcasts from the database and from HTTP. Safe for any thread, never blocks.
public interface Rooms {
    /// Sends to all members of the room that may receive broadcasts there. The caller has checked the right of the
    /// sender and the size of the payload.
    ///
    /// @param broadcast its topic names the room
    /// @param isPrivate whether it is the private room of that topic
    void broadcast(Broadcast broadcast, boolean isPrivate);
}
