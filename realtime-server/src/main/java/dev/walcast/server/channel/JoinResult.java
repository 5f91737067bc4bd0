package dev.walcast.server.channel;

import dev.walcast.server.protocol.Refusal;

/// What became of a join.
public sealed interface JoinResult {
    record Accepted(JoinRequest request, Credential credential) implements JoinResult {}

    record Refused(Refusal refusal) implements JoinResult {}
}
