package dev.walcast.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/// Makes frames of different connections comparable: an id becomes its binding's place in the join, and times are
/// omitted.
final class ChangeFrames {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
            .build();

    private final Map<String, Integer> bindings = new HashMap<>();

    /// With all digits.
    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + text.substring(0, Math.min(300, text.length())), e);
        }
    }

    static String topic(JsonNode frame) {
        return (frame.isArray() ? frame.path(2) : frame.path("topic")).asText();
    }

    static JsonNode payload(JsonNode frame) {
        return frame.isArray() ? frame.path(4) : frame.path("payload");
    }

    JsonNode masked(JsonNode frame) {
        String topic = topic(frame);
        JsonNode payload = payload(frame);
        JsonNode entries = payload.at("/response/postgres_changes");
        for (int i = 0; i < entries.size(); i++) {
            bindings.putIfAbsent(topic + " " + entries.get(i).path("id"), i);
            ((ObjectNode) entries.get(i)).put("id", i);
        }
        if (payload.path("ids") instanceof ArrayNode ids) {
            TreeSet<Integer> places = new TreeSet<>();
            ids.forEach(id -> places.add(bindings.getOrDefault(topic + " " + id, -1)));
            ids.removeAll();
            places.forEach(ids::add);
        }
        if (payload.path("data") instanceof ObjectNode data
                && data.path("commit_timestamp").isTextual()) {
            data.put("commit_timestamp", "a time");
        }
        return frame;
    }
}
