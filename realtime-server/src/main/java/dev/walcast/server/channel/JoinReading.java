package dev.walcast.server.channel;

import dev.walcast.server.protocol.Refusal;

/// A join's payload, read.
sealed interface JoinReading permits JoinRequest, JoinReading.Unreadable {
    record Unreadable(Refusal refusal) implements JoinReading {}
}
