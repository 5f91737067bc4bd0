package dev.walcast.server.socket;

/// What the [Watch] looks at.
public interface Watched {
    /// Called often, by the watch's thread; must not block.
    void check(long nowNanos);
}
