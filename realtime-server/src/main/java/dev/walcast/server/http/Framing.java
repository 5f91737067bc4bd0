package dev.walcast.server.http;

/// How the end of a request's body is found.
public sealed interface Framing {
    record None() implements Framing {}

    /// @param bytes more than 0
    record Length(long bytes) implements Framing {}

    record Chunked() implements Framing {}
}
