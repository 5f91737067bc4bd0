package dev.walcast.server.socket;

/// A connection that hands on the bytes as they come once it is told that its request became a socket.
public interface Upgradable {
    /// Called by the connection's own thread, before it reads what follows the request.
    void upgraded();
}
