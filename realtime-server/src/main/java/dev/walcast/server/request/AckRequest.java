package dev.walcast.server.request;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/// Whether a client acknowledges the changes of a binding, as the binding's key `ack` says.
public sealed interface AckRequest {
    /// The longest name that a client may give, in bytes of UTF-8.
    int NAME_BYTES_MAX = 255;

    /// The client does not acknowledge.
    record None() implements AckRequest {}

    /// Neither a boolean nor a name of the right length.
    record Invalid() implements AckRequest {}

    /// The client acknowledges.
    sealed interface Asked extends AckRequest {
        /// What the stored cursor is found by. The same for equal bindings of all versions of the server.
        String cursorName();
    }

    /// Under a name of the client's choice.
    record Named(String name) implements Asked {
        public Named {
            requireNonNull(name, "name is null");
        }

        @Override
        public String cursorName() {
            return "named " + name;
        }
    }

    /// Under what the binding asks for. Needs a user: the `sub` of the token.
    ///
    /// @param binding the binding as text, without its place to go on from, its keys sorted
    record Unnamed(String binding) implements Asked {
        public Unnamed {
            requireNonNull(binding, "binding is null");
        }

        @Override
        public String cursorName() {
            return "binding " + binding;
        }
    }

    /// @param known the binding, reduced to the keys that the server knows
    static AckRequest read(ObjectNode known) {
        JsonNode ack = known.path("ack");
        if (ack.isMissingNode() || ack.isNull() || (ack.isBoolean() && !ack.booleanValue())) {
            return new None();
        }
        if (ack.isBoolean()) {
            return new Unnamed(withoutPlace(known));
        }
        return isName(ack) ? new Named(ack.textValue()) : new Invalid();
    }

    private static boolean isName(JsonNode ack) {
        return ack.isTextual()
                && !ack.textValue().isEmpty()
                && ack.textValue().getBytes(UTF_8).length <= NAME_BYTES_MAX;
    }

    private static String withoutPlace(ObjectNode known) {
        Map<String, JsonNode> sorted = new TreeMap<>();
        known.properties().forEach(property -> sorted.put(property.getKey(), property.getValue()));
        sorted.remove(ResumeFrom.KEY);
        return sorted.toString();
    }
}
