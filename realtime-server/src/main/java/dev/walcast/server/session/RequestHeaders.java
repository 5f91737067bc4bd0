package dev.walcast.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.json.Json;
import dev.walcast.server.socket.Handshake;
import java.util.List;
import java.util.Optional;

/// The headers of an upgrade request that policies may read: those that begin with `x-`, but for the key itself, whose
/// claims they have anyway.
final class RequestHeaders {
    private static final int HEADERS_MAX = 32;
    private static final int BYTES_MAX = 8 * 1024;

    private RequestHeaders() {}

    /// A JSON object; nothing when they are too many or too long to be kept.
    static Optional<String> json(Handshake handshake) {
        List<String> names = handshake.headerNames().stream()
                .filter(name -> name.startsWith("x-") && !name.equals("x-api-key"))
                .toList();
        if (names.size() > HEADERS_MAX) {
            return Optional.empty();
        }
        ObjectNode headers = JsonNodeFactory.instance.objectNode();
        for (String name : names) {
            handshake.header().apply(name).ifPresent(value -> headers.put(name, value));
        }
        byte[] json = Json.bytes(headers);
        return json.length > BYTES_MAX ? Optional.empty() : Optional.of(new String(json, UTF_8));
    }
}
