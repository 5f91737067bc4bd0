package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Refusal;

/// What became of a question to the database.
public sealed interface Answer<T> {
    record Given<T>(T value) implements Answer<T> {
        public Given {
            requireNonNull(value, "value is null");
        }
    }

    /// No, or nobody could say; the refusal is what the client may read.
    record Refused<T>(Refusal refusal) implements Answer<T> {
        public Refused {
            requireNonNull(refusal, "refusal is null");
        }
    }
}
