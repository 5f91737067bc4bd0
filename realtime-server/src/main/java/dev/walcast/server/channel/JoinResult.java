package dev.walcast.server.channel;

import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.request.JoinRequest;

/// The outcome of a join.
public sealed interface JoinResult {
    /// The channel may be made. It gives back a seat of the budget and the memory when it ends.
    ///
    /// @param memoryBytes what it holds of the socket's account of memory
    record Accepted(JoinRequest request, Credential credential, long memoryBytes) implements JoinResult {}

    record Refused(Refusal refusal) implements JoinResult {}
}
