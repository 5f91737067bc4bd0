package dev.walcast.server.socket;

/// An object that the [Watch] checks regularly.
public interface Watched {
    /// Checks timeouts. Called often, by the watch's thread; must not block.
    void check(long nowNanos);
}
