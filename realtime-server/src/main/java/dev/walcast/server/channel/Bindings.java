package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.feed.Binding;
import dev.walcast.server.json.Json;
import dev.walcast.server.request.BindingEcho;
import dev.walcast.server.request.SentBindings.SentBinding;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The bindings of one join with their ids.
///
/// @param bindings in the client's order
/// @param response the `response` of the reply, a JSON object: same order, exactly the client's keys and `id`. One
///                 client refuses any other key
record Bindings(List<Binding> bindings, byte[] response) {
    Bindings {
        bindings = List.copyOf(bindings);
        requireNonNull(response, "response is null");
    }

    /// Gives the bindings their ids. Equal entries share an id; it depends on nothing but the entry unless two entries
    /// of one channel collide.
    static Bindings number(List<SentBinding> sent) {
        Map<Integer, BindingEcho> taken = new HashMap<>();
        List<Binding> bindings = new ArrayList<>();
        ByteArrayOutputStream response = new ByteArrayOutputStream();
        response.writeBytes(Json.bytes("{\"postgres_changes\":["));
        for (SentBinding binding : sent) {
            BindingEcho echo = binding.echo();
            int id = echo.firstId();
            while (!taken.computeIfAbsent(id, _ -> echo).isSameAs(echo)) {
                id = id % Integer.MAX_VALUE + 1;
            }
            if (!bindings.isEmpty()) {
                response.write(',');
            }
            echo.writeTo(response, id);
            bindings.add(new Binding(id, binding.request()));
        }
        response.writeBytes(Json.bytes("]}"));
        return new Bindings(bindings, response.toByteArray());
    }
}
