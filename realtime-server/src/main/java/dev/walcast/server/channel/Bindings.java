package dev.walcast.server.channel;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.feed.Binding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Gives a join's `postgres_changes` entries their ids and says them back to the client.
final class Bindings {
    private Bindings() {}

    /// Equal entries share an id; it depends on nothing but the entry unless two entries of one channel collide.
    static List<Binding> number(List<ObjectNode> requests) {
        Map<Integer, ObjectNode> taken = new HashMap<>();
        List<Binding> bindings = new ArrayList<>();
        for (ObjectNode asSent : requests) {
            ObjectNode request = asSent.deepCopy();
            request.remove("id");
            int id = firstId(request);
            while (!taken.computeIfAbsent(id, _ -> request).equals(request)) {
                id = id % Integer.MAX_VALUE + 1;
            }
            bindings.add(new Binding(id, request));
        }
        return bindings;
    }

    /// The reply's `response`: same order, exactly the client's keys and `id`. One client refuses any other key.
    static ObjectNode response(List<Binding> bindings) {
        ObjectNode response = JsonNodeFactory.instance.objectNode();
        ArrayNode entries = response.putArray("postgres_changes");
        for (Binding binding : bindings) {
            entries.addObject().put("id", binding.id()).setAll(binding.request());
        }
        return response;
    }

    private static int firstId(ObjectNode request) {
        return Math.floorMod(request.toString().hashCode(), Integer.MAX_VALUE - 1) + 1;
    }
}
