package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Refusal;

/// The outcome of reading a join's payload.
public sealed interface JoinReading permits JoinRequest, JoinReading.Unreadable {
    record Unreadable(Refusal refusal) implements JoinReading {
        public Unreadable {
            requireNonNull(refusal, "refusal is null");
        }
    }
}
