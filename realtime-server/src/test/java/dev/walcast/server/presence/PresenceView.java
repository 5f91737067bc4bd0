package dev.walcast.server.presence;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/// One client's view of a topic's presence, computed as Phoenix' client does: the state, then for every diff first
/// the joins, then the leaves by their refs. Fails on any inconsistency.
final class PresenceView {
    private final Map<String, Map<String, JsonNode>> metas = new TreeMap<>();
    private boolean hasState;

    void onState(JsonNode state) {
        require(!hasState, "a second state", state);
        hasState = true;
        state.properties().forEach(entry -> entry.getValue().path("metas").forEach(meta -> add(entry.getKey(), meta)));
    }

    void onDiff(JsonNode diff) {
        require(hasState, "a diff before the state", diff);
        require(diff.path("joins").isObject() && diff.path("leaves").isObject(), "half a diff", diff);
        require(!diff.path("joins").isEmpty() || !diff.path("leaves").isEmpty(), "an empty diff", diff);
        each(diff.path("joins"), (key, meta) -> {
            JsonNode previous = meta.path("phx_ref_prev");
            require(previous.isMissingNode() || refs(key).containsKey(previous.textValue()), "an unknown ref", diff);
            require(!refs(key).containsKey(ref(meta)), "a join that is known", diff);
            add(key, meta);
        });
        each(diff.path("leaves"), (key, meta) -> {
            require(meta.equals(refs(key).remove(ref(meta))), "a leave of what is not there", diff);
            metas.values().removeIf(Map::isEmpty);
        });
    }

    boolean hasState() {
        return hasState;
    }

    /// The tracked objects without their refs, of each key in the order of their coming.
    Map<String, List<String>> payloads() {
        Map<String, List<String>> payloads = new TreeMap<>();
        metas.forEach((key, ofKey) -> payloads.put(
                key,
                ofKey.values().stream().map(PresenceView::withoutRefs).sorted().toList()));
        return payloads;
    }

    /// All metas, for comparison with other views.
    Map<String, List<JsonNode>> all() {
        Map<String, List<JsonNode>> all = new TreeMap<>();
        metas.forEach((key, ofKey) -> all.put(key, new ArrayList<>(ofKey.values())));
        return all;
    }

    private static String withoutRefs(JsonNode meta) {
        ObjectNode copy = meta.deepCopy();
        copy.remove(List.of("phx_ref", "phx_ref_prev"));
        return copy.toString();
    }

    private Map<String, JsonNode> refs(String key) {
        return metas.getOrDefault(key, new LinkedHashMap<>());
    }

    private void add(String key, JsonNode meta) {
        metas.computeIfAbsent(key, _ -> new LinkedHashMap<>()).put(ref(meta), meta);
    }

    private static String ref(JsonNode meta) {
        String ref = meta.path("phx_ref").textValue();
        require(ref != null && ref.matches("[\\w-]{16}"), "a meta without a ref", meta);
        return ref;
    }

    private static void each(JsonNode presences, BiConsumer<String, JsonNode> action) {
        presences.properties().forEach(entry -> {
            require(!entry.getValue().path("metas").isEmpty(), "a key without metas", presences);
            entry.getValue().path("metas").forEach(meta -> action.accept(entry.getKey(), meta));
        });
    }

    private static void require(boolean holds, String otherwise, JsonNode about) {
        if (!holds) {
            throw new AssertionError(otherwise + ": " + about);
        }
    }
}
