package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a `phx_join` asks for. Fields of a wrong type count as absent, as in the reference server; only a payload, a
/// `config` or a part of it that is no object at all is refused.
///
/// @param legacy whether the payload has no `config`: the topic itself is then the binding, and changes arrive under
/// their
///               own names
/// @param token  the access token that the client sent with the join; null to use the socket's
record JoinRequest(
        boolean ack,
        boolean self,
        boolean isPrivate,
        boolean legacy,
        List<Binding> bindings,
        @Nullable String token) {
    private static final int ID_BITS = 0x7FF_FFFF;

    JoinRequest {
        bindings = List.copyOf(bindings);
    }

    /// A payload that cannot be read at all.
    static final class InvalidException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String reason;

        InvalidException(String problem) {
            super(problem);
            this.reason = ErrorCode.INVALID_JOIN_PAYLOAD.reason(problem);
        }

        String reason() {
            return reason;
        }
    }

    /// @param subTopic the topic without `realtime:`
    static JoinRequest read(JsonNode payload, String subTopic) throws InvalidException {
        if (!payload.isObject()) {
            throw new InvalidException("the join payload must be an object");
        }
        JsonNode config = payload.get("config");
        if (config == null) {
            return new JoinRequest(false, false, false, true, bindings(List.of(legacy(subTopic))), token(payload));
        }
        if (!config.isObject() && !config.isNull()) {
            throw new InvalidException("`config` must be an object");
        }
        JsonNode broadcast = part(config, "broadcast");
        part(config, "presence");
        return new JoinRequest(
                flag(broadcast.get("ack")),
                flag(broadcast.get("self")),
                flag(config.get("private")),
                false,
                bindings(requested(config.get("postgres_changes"))),
                token(payload));
    }

    private static JsonNode part(JsonNode config, String name) throws InvalidException {
        JsonNode part = config.path(name);
        if (!part.isObject() && !part.isNull() && !part.isMissingNode()) {
            throw new InvalidException("`config." + name + "` must be an object");
        }
        return part;
    }

    /// A boolean, or the words in any letter case.
    private static boolean flag(@Nullable JsonNode value) {
        return value != null
                && (value.isBoolean()
                        ? value.booleanValue()
                        : value.isTextual()
                                && value.textValue().toLowerCase(Locale.ROOT).equals("true"));
    }

    private static @Nullable String token(JsonNode payload) {
        JsonNode token =
                payload.path("user_token").isTextual() ? payload.get("user_token") : payload.get("access_token");
        return token != null && token.isTextual() ? token.textValue() : null;
    }

    private static List<ObjectNode> requested(@Nullable JsonNode list) {
        List<ObjectNode> requested = new ArrayList<>();
        if (list == null || !list.isArray()) {
            return requested;
        }
        for (JsonNode entry : list) {
            if (entry instanceof ObjectNode binding) {
                requested.add(binding);
            } else if (!entry.isNull()) {
                return List.of();
            }
        }
        return requested;
    }

    /// `schema[:table[:filter]]`.
    private static ObjectNode legacy(String subTopic) {
        String[] parts = subTopic.split(":", 3);
        ObjectNode binding = Channel.JSON.createObjectNode();
        binding.put("schema", parts[0]);
        if (parts.length > 1) {
            binding.put("table", parts[1]);
        }
        if (parts.length > 2) {
            binding.put("filter", parts[2]);
        }
        return binding;
    }

    /// Equal bindings share an id, which is the same at every join; different ones never do.
    private static List<Binding> bindings(List<ObjectNode> requested) {
        Map<Integer, ObjectNode> byId = new HashMap<>();
        List<Binding> bindings = new ArrayList<>();
        for (ObjectNode request : requested) {
            ObjectNode own = request.deepCopy();
            own.remove("id");
            int id = (own.toString().hashCode() & ID_BITS) + 1;
            while (byId.containsKey(id) && !requireNonNull(byId.get(id)).equals(own)) {
                id++;
            }
            byId.put(id, own);
            bindings.add(new Binding(id, own));
        }
        return bindings;
    }
}
