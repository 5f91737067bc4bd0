package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a push `presence` asks for.
public sealed interface PresencePush {
    /// The key under which the server writes the reference of a tracked object.
    String REF = "phx_ref";

    /// The key under which the server writes the reference of the object before.
    String PREVIOUS_REF = "phx_ref_prev";

    /// No JSON object.
    record Unreadable() implements PresencePush {}

    /// An object without an event, which asks for nothing.
    record Empty() implements PresencePush {}

    /// A push with an event. The caller counts it against the budget of the channel.
    sealed interface Event extends PresencePush {}

    /// To be listed, or to be listed with another object.
    ///
    /// @param meta a JSON object without references, opaque to the server; shared, never written to
    record Track(byte[] meta) implements Event {
        public Track {
            requireNonNull(meta, "meta is null");
        }
    }

    /// To be listed with what is no object.
    record TrackNoObject() implements Event {}

    /// To be listed no more.
    record Untrack() implements Event {}

    /// An event that the server does not know.
    record Unknown() implements Event {}

    /// @param payload bounded by the caller, which has also reserved the memory for its trees
    static PresencePush read(Slice payload) {
        Optional<JsonNode> tree = Json.tree(payload).filter(JsonNode::isObject);
        if (tree.isEmpty()) {
            return new Unreadable();
        }
        if (!tree.get().has("event")) {
            return new Empty();
        }
        return switch (tree.get().path("event").asText().toLowerCase(Locale.ROOT)) {
            case "track" -> track(tree.get().path("payload"));
            case "untrack" -> new Untrack();
            default -> new Unknown();
        };
    }

    private static Event track(JsonNode tracked) {
        JsonNode object = tracked.isMissingNode() ? JsonNodeFactory.instance.objectNode() : tracked;
        if (!(object instanceof ObjectNode node)) {
            return new TrackNoObject();
        }
        // the server gives references, and clients tell objects apart by them
        return new Track(Json.bytes(node.remove(List.of(REF, PREVIOUS_REF))));
    }
}
