package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// One `postgres_changes` entry of a join, not yet looked at.
///
/// @param id      between 1 and 2^31-1, the same for the channel's life
/// @param request the entry exactly as the client sent it, without `id`
public record Binding(int id, ObjectNode request) {
    public Binding {
        requireNonNull(request, "request is null");
    }
}
