package dev.walcast.server.feed;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/// One `postgres_changes` entry of a join, not yet looked at.
///
/// A channel keeps its bindings for its life, so they hold only the keys that the server reads ([#known]).
///
/// @param id      between 1 and 2^31-1, the same for the channel's life
/// @param request the entry as the client sent it, without `id`
public record Binding(int id, ObjectNode request) {
    private static final Set<String> KNOWN_KEYS =
            Set.of("event", "schema", "table", "filter", "select", "membership", "snapshot", "resume", "ack");

    public Binding {
        requireNonNull(request, "request is null");
    }

    /// The same without the keys that the server does not know.
    public Binding known() {
        ObjectNode known = JsonNodeFactory.instance.objectNode();
        request.properties().forEach(property -> {
            if (KNOWN_KEYS.contains(property.getKey())) {
                known.set(property.getKey(), property.getValue());
            }
        });
        return new Binding(id, known);
    }
}
