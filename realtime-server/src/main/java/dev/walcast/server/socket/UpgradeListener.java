package dev.walcast.server.socket;

/// A connection that is notified of the result of an upgrade request. Called by its own thread.
public interface UpgradeListener {
    /// The request became a socket: the bytes that follow belong to another protocol.
    void upgraded();

    /// The request was refused and its response may be delayed. The connection may be closed to make room.
    void refused();
}
