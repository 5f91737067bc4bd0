package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Refusal;

/// The result of a question to the database: a value, or the reason why there is none.
public sealed interface TopicAnswer<T> {
    record Given<T>(T value) implements TopicAnswer<T> {
        public Given {
            requireNonNull(value, "value is null");
        }
    }

    /// The answer is no, or the database could not answer. The refusal is the text that the client may read.
    record Refused<T>(Refusal refusal) implements TopicAnswer<T> {
        public Refused {
            requireNonNull(refusal, "refusal is null");
        }
    }
}
