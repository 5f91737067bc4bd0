package dev.walcast.server.socket;

/// A connection that wants to know what became of a request for a socket. Called by its own thread.
public interface Upgradable {
    /// It became a socket: what follows are the bytes of another protocol.
    void upgraded();

    /// It was refused, and waits to be told so: it may be closed to make room.
    void refused();
}
