package dev.walcast.server.http;

/// Where a request's body ends.
public sealed interface Framing {
    record None() implements Framing {}

    /// @param bytes more than 0
    record Length(long bytes) implements Framing {}

    record Chunked() implements Framing {}
}
