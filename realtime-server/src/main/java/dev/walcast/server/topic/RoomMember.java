package dev.walcast.server.topic;

/// Receives the broadcasts of a room.
public interface RoomMember {
    /// Called by the thread that sends; never blocks.
    void deliver(EncodedBroadcast broadcast);
}
