package dev.walcast.server.topic;

import dev.walcast.server.protocol.Broadcast;

/// Where broadcasts enter that no socket sent: from the database and over HTTP. Safe for any thread, never blocks.
public interface Rooms {
    /// To all who are in the room and may receive broadcasts there. Whoever calls has checked the sender's right and
    /// the payload's size.
    ///
    /// @param broadcast its topic names the room
    /// @param isPrivate whether it is the private room of that topic
    void broadcast(Broadcast broadcast, boolean isPrivate);
}
