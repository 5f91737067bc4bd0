package dev.walcast.server.channel;

import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.request.JoinRequest;

/// The outcome of a join.
public sealed interface JoinResult {
    record Accepted(JoinRequest request, Credential credential) implements JoinResult {}

    record Refused(Refusal refusal) implements JoinResult {}
}
