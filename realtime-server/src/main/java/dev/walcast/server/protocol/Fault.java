package dev.walcast.server.protocol;

/// Whose doing a refusal is.
public enum Fault {
    CLIENT,
    SERVER,
    CAPACITY,
    UPSTREAM
}
