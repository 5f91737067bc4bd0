package dev.walcast.server.channel;

/// Whether a client may say something about its presence.
enum PresenceWrite {
    ALLOWED,
    /// Also when nobody could say.
    DENIED
}
