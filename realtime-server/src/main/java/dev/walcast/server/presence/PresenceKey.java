package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;
import java.util.Set;
import java.util.UUID;

/// The key under which a channel's metas are listed. Several channels may share a key.
///
/// @param json the text as a JSON string; shared, never modified
public record PresenceKey(String text, byte[] json) {
    /// The longest key that a client may ask for, in bytes of UTF-8.
    public static final int BYTES_MAX = 255;

    /// Clients mistake a state with one of the first two keys for another kind of message. Older JavaScript clients
    /// find the others in every object. One member with such a key would break presence for all clients.
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

    public PresenceKey {
        requireNonNull(text, "text is null");
        requireNonNull(json, "json is null");
    }

    /// The key that a client asked for.
    public static PresenceKey of(String text) {
        return new PresenceKey(text, Json.quotedAscii(text));
    }

    /// A random key, for a client that asked for none.
    public static PresenceKey generated() {
        return of(UUID.randomUUID().toString());
    }

    /// Whether tracking under this key is refused.
    public boolean isReserved() {
        return RESERVED.contains(text);
    }
}
