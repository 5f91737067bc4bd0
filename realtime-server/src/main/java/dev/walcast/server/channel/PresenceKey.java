package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.walcast.server.protocol.Json;
import java.util.Set;
import java.util.UUID;

/// Under what a channel's metas are listed. Several channels may share one.
///
/// @param json the text as a JSON string; shared, never written to
record PresenceKey(String text, byte[] json) {
    static final int BYTES_MAX = 255;

    /// Clients take a state with one of the first two for another kind of message, and older JavaScript clients find
    /// the others in every object: one member with such a key would break presence for all.
    private static final Set<String> RESERVED = Set.of(
            "ids",
            "status",
            "__proto__",
            "__defineGetter__",
            "__defineSetter__",
            "__lookupGetter__",
            "__lookupSetter__",
            "constructor",
            "hasOwnProperty",
            "isPrototypeOf",
            "propertyIsEnumerable",
            "toLocaleString",
            "toString",
            "valueOf");

    PresenceKey {
        requireNonNull(text, "text is null");
        requireNonNull(json, "json is null");
    }

    static PresenceKey of(String text) {
        return new PresenceKey(text, Json.bytes(TextNode.valueOf(text)));
    }

    static PresenceKey generated() {
        return of(UUID.randomUUID().toString());
    }

    boolean isReserved() {
        return RESERVED.contains(text);
    }
}
