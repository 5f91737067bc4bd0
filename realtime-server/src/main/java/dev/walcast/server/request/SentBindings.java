package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/// The bindings of a join, as its key `postgres_changes` lists them.
public sealed interface SentBindings {
    /// One of them.
    ///
    /// @param echo needed until the join is answered
    record SentBinding(BindingRequest request, BindingEcho echo) {
        public SentBinding {
            requireNonNull(request, "request is null");
            requireNonNull(echo, "echo is null");
        }

        static SentBinding read(ObjectNode sent) {
            return new SentBinding(BindingRequest.read(sent), BindingEcho.of(sent));
        }
    }

    /// In the client's order.
    record Read(List<SentBinding> bindings) implements SentBindings {
        public Read {
            bindings = List.copyOf(bindings);
        }
    }

    /// More than a channel may have. None of them is read.
    record TooMany(int count) implements SentBindings {}

    /// Empty when there are too many.
    default List<SentBinding> list() {
        return this instanceof Read(List<SentBinding> bindings) ? bindings : List.of();
    }

    /// The values of the bindings; empty when there are too many.
    default List<BindingRequest> requests() {
        return list().stream().map(SentBinding::request).toList();
    }

    static SentBindings none() {
        return new Read(List.of());
    }

    /// @param array what is no object in it does not count; nothing else than an array has bindings
    /// @param max   how many are read
    static SentBindings read(JsonNode array, int max) {
        List<ObjectNode> objects = new ArrayList<>();
        if (array.isArray()) {
            for (JsonNode element : array) {
                if (element instanceof ObjectNode object) {
                    objects.add(object);
                }
            }
        }
        return objects.size() > max
                ? new TooMany(objects.size())
                : new Read(objects.stream().map(SentBinding::read).toList());
    }
}
