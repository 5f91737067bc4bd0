package dev.walcast.server.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.OpaqueKeys;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.util.Optional;

/// Reads the push `access_token`, with which a client replaces the token of a channel.
public final class TokenPush {
    private TokenPush() {}

    /// The new token; empty when the push has none, or one of the opaque `sb_…` keys. Never to be logged.
    ///
    /// @param payload bounded by the caller: it becomes a tree
    public static Optional<String> token(Slice payload) {
        return Json.tree(payload).flatMap(tree -> token(tree, "access_token"));
    }

    /// Empty when the object has no text there, or one of the opaque keys.
    static Optional<String> token(JsonNode object, String... keys) {
        for (String key : keys) {
            JsonNode token = object.path(key);
            if (token.isTextual()) {
                return Optional.of(token.textValue()).filter(text -> !OpaqueKeys.isOpaque(text));
            }
        }
        return Optional.empty();
    }
}
