package dev.walcast.server.limits;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.rls.Viewer;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.util.Optional;

/// Reads the `sub` of a viewer's claims, which names a user. All other claims stay opaque JSON for Postgres.
public final class TokenSubject {
    private TokenSubject() {}

    /// Empty when there is none, when it is empty, and when it is no text.
    public static Optional<String> of(Viewer viewer) {
        return claim(viewer)
                .filter(JsonNode::isTextual)
                .map(JsonNode::textValue)
                .filter(text -> !text.isEmpty());
    }

    /// As [#of], but a number or another scalar counts as its text.
    public static Optional<String> ofScalar(Viewer viewer) {
        return claim(viewer).map(JsonNode::asText).filter(text -> !text.isEmpty());
    }

    private static Optional<JsonNode> claim(Viewer viewer) {
        return Json.tree(Slice.of(viewer.claims().getBytes(UTF_8))).map(claims -> claims.path("sub"));
    }
}
