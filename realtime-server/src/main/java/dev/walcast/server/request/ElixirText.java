package dev.walcast.server.request;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// Prints values as the reference server's language does, because some of the protocol's messages quote them so.
final class ElixirText {
    private ElixirText() {}

    static String of(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    static String of(JsonNode value) {
        if (value.isObject()) {
            TreeMap<String, String> members = new TreeMap<>();
            value.properties().forEach(member -> members.put(member.getKey(), of(member.getValue())));
            List<String> pairs = new ArrayList<>();
            members.forEach((key, printed) -> pairs.add(of(key) + " => " + printed));
            return "%{" + String.join(", ", pairs) + "}";
        }
        if (value.isArray()) {
            List<String> elements = new ArrayList<>();
            value.forEach(element -> elements.add(of(element)));
            return "[" + String.join(", ", elements) + "]";
        }
        return value.isTextual() ? of(value.textValue()) : value.isNull() ? "nil" : value.toString();
    }
}
