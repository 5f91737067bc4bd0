package dev.walcast.server.channel;

import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.JoinRequest;

/// What became of a join.
public sealed interface JoinResult {
    record Accepted(Topic topic, JoinRequest request, Credential credential) implements JoinResult {}

    record Refused(Refusal refusal) implements JoinResult {}
}
