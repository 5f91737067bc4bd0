package dev.walcast.server.topic;

/// One who hears a room's broadcasts.
public interface RoomMember {
    /// Called by whoever sends; never blocks.
    void deliver(EncodedBroadcast broadcast);
}
