package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.auth.OpaqueKeys;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.topic.ReplayRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a join asks for. Fields of the wrong type count as absent: clients rely on that leniency, so only the few
/// shapes that leave nothing to go by are refused.
///
/// @param legacy whether the topic itself is the binding, as it was before joins had a `config`
/// @param replicationReady whether the client wants to hear when broadcasts from the database arrive
/// @param presenceKey      absent also when it is empty
/// @param token  the client's own token; absent also when it is one of the opaque `sb_…` keys
record JoinRequest(
        boolean self,
        boolean ack,
        boolean replicationReady,
        boolean isPrivate,
        boolean presenceEnabled,
        boolean legacy,
        Optional<String> presenceKey,
        ReplayRequest replay,
        List<ObjectNode> bindings,
        Optional<String> token)
        implements JoinReading {
    JoinRequest {
        bindings = List.copyOf(bindings);
        requireNonNull(presenceKey, "presenceKey is null");
        requireNonNull(replay, "replay is null");
        requireNonNull(token, "token is null");
    }

    /// @param topic that it is for; before joins had a `config` its name was the binding
    static JoinReading read(Slice payload, Topic topic) {
        Optional<JsonNode> tree = Json.tree(payload).filter(JsonNode::isObject);
        if (tree.isEmpty()) {
            return unreadable("The join payload");
        }
        JsonNode config = tree.get().path("config");
        if (config.isMissingNode()) {
            return legacy(topic.name(), token(tree.get()));
        }
        if (!config.isObject() && !config.isNull()) {
            return unreadable("config");
        }
        JsonNode broadcast = config.path("broadcast");
        if (!broadcast.isObject() && !broadcast.isNull() && !broadcast.isMissingNode()) {
            return unreadable("config.broadcast");
        }
        JsonNode presence = config.path("presence");
        return new JoinRequest(
                flag(broadcast.path("self")),
                flag(broadcast.path("ack")),
                flag(broadcast.path("replication_ready")),
                flag(config.path("private")),
                flag(presence.path("enabled")),
                false,
                key(presence.path("key")),
                ReplayRequest.read(broadcast.path("replay")),
                objectsOf(config.path("postgres_changes")),
                token(tree.get()));
    }

    /// The same, and presence asked for.
    JoinRequest withPresence() {
        return new JoinRequest(
                self, ack, replicationReady, isPrivate, true, legacy, presenceKey, replay, bindings, token);
    }

    /// The same without its bindings and its token, as a channel keeps it.
    JoinRequest withoutBindings() {
        return new JoinRequest(
                self,
                ack,
                replicationReady,
                isPrivate,
                presenceEnabled,
                legacy,
                presenceKey,
                replay,
                List.of(),
                Optional.empty());
    }

    private static JoinRequest legacy(String subTopic, Optional<String> token) {
        List<ObjectNode> bindings = List.of(topicAsBinding(subTopic));
        return new JoinRequest(
                false, false, false, false, false, true, Optional.empty(), new ReplayRequest.Absent(), bindings, token);
    }

    /// `schema[:table[:filter]]`
    private static ObjectNode topicAsBinding(String subTopic) {
        ObjectNode binding = JsonNodeFactory.instance.objectNode();
        String[] parts = subTopic.split(":", 3);
        String[] keys = {"schema", "table", "filter"};
        for (int i = 0; i < parts.length; i++) {
            binding.put(keys[i], parts[i]);
        }
        return binding;
    }

    private static boolean flag(JsonNode node) {
        return node.isTextual() ? node.textValue().equalsIgnoreCase("true") : node.booleanValue();
    }

    /// Any scalar will do.
    private static Optional<String> key(JsonNode node) {
        return node.isValueNode() && !node.isNull()
                ? Optional.of(node.asText()).filter(key -> !key.isEmpty())
                : Optional.empty();
    }

    private static List<ObjectNode> objectsOf(JsonNode array) {
        List<ObjectNode> objects = new ArrayList<>();
        if (array.isArray()) {
            for (JsonNode element : array) {
                if (element instanceof ObjectNode object) {
                    objects.add(object);
                }
            }
        }
        return objects;
    }

    /// `user_token` is the older spelling and wins.
    private static Optional<String> token(JsonNode payload) {
        return text(payload.path("user_token"))
                .or(() -> text(payload.path("access_token")))
                .filter(token -> !OpaqueKeys.isOpaque(token));
    }

    private static Optional<String> text(JsonNode node) {
        return node.isTextual() ? Optional.of(node.textValue()) : Optional.empty();
    }

    private static JoinReading unreadable(String what) {
        return new JoinReading.Unreadable(ErrorCode.JOIN_UNREADABLE.refusal(what));
    }

    /// Without the token.
    @Override
    public String toString() {
        return "JoinRequest[bindings=" + bindings.size() + "]";
    }
}
