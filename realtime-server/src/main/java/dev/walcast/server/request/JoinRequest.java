package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Topic;
import java.util.Optional;

/// What a join asks for. Fields of the wrong type count as absent: clients rely on that leniency, so only the few
/// shapes that leave nothing to go by are refused.
///
/// @param legacy whether the topic itself is the binding, as it was before joins had a `config`
/// @param replicationReady whether the client wants to hear when broadcasts from the database arrive
/// @param presenceKey      absent also when it is empty
/// @param token  the client's own token; absent also when it is one of the opaque `sb_…` keys
public record JoinRequest(
        boolean self,
        boolean ack,
        boolean replicationReady,
        boolean isPrivate,
        boolean presenceEnabled,
        boolean legacy,
        Optional<String> presenceKey,
        ReplayRequest replay,
        SentBindings bindings,
        Optional<String> token)
        implements JoinReading {
    public JoinRequest {
        requireNonNull(presenceKey, "presenceKey is null");
        requireNonNull(replay, "replay is null");
        requireNonNull(bindings, "bindings is null");
        requireNonNull(token, "token is null");
    }

    /// @param payload     bounded by the caller: it becomes a tree
    /// @param topic       that it is for; before joins had a `config` its name was the binding
    /// @param bindingsMax how many bindings are read
    public static JoinReading read(Slice payload, Topic topic, int bindingsMax) {
        Optional<JsonNode> tree = Json.tree(payload).filter(JsonNode::isObject);
        if (tree.isEmpty()) {
            return unreadable("The join payload");
        }
        JsonNode config = tree.get().path("config");
        if (config.isMissingNode()) {
            return legacy(SentBindings.read(topicAsBinding(topic.name()), bindingsMax), token(tree.get()));
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
                SentBindings.read(config.path("postgres_changes"), bindingsMax),
                token(tree.get()));
    }

    /// The same, and presence asked for.
    public JoinRequest withPresence() {
        return new JoinRequest(
                self, ack, replicationReady, isPrivate, true, legacy, presenceKey, replay, bindings, token);
    }

    /// The same without its bindings and its token, as a channel keeps it.
    public JoinRequest withoutBindings() {
        return new JoinRequest(
                self,
                ack,
                replicationReady,
                isPrivate,
                presenceEnabled,
                legacy,
                presenceKey,
                replay,
                SentBindings.none(),
                Optional.empty());
    }

    private static JoinRequest legacy(SentBindings bindings, Optional<String> token) {
        return new JoinRequest(
                false, false, false, false, false, true, Optional.empty(), new ReplayRequest.Absent(), bindings, token);
    }

    /// `schema[:table[:filter]]`
    private static ArrayNode topicAsBinding(String name) {
        ArrayNode bindings = JsonNodeFactory.instance.arrayNode();
        ObjectNode binding = bindings.addObject();
        String[] parts = name.split(":", 3);
        String[] keys = {"schema", "table", "filter"};
        for (int i = 0; i < parts.length; i++) {
            binding.put(keys[i], parts[i]);
        }
        return bindings;
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

    /// `user_token` is the older spelling and wins.
    private static Optional<String> token(JsonNode payload) {
        return TokenPush.token(payload, "user_token", "access_token");
    }

    private static JoinReading unreadable(String what) {
        return new JoinReading.Unreadable(ErrorCode.JOIN_UNREADABLE.refusal(what));
    }

    /// Without the token.
    @Override
    public String toString() {
        return "JoinRequest[bindings=" + bindings.list().size() + "]";
    }
}
