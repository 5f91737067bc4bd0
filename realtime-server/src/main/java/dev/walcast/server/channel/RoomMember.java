package dev.walcast.server.channel;

/// One who hears a room's broadcasts.
public interface RoomMember {
    /// Called by whoever sends; never blocks.
    void deliver(EncodedBroadcast broadcast);
}
