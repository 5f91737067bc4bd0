package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.json.Json;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/// A client's binding as the reply to its join repeats it: all keys that the client sent but `id`, as opaque JSON.
public final class BindingEcho {
    private static final int EMPTY_OBJECT = 2;

    private final byte[] json;
    private final int firstId;

    private BindingEcho(byte[] json, int firstId) {
        this.json = requireNonNull(json, "json is null");
        this.firstId = firstId;
    }

    static BindingEcho of(ObjectNode sent) {
        ObjectNode repeated = sent.objectNode().setAll(sent);
        repeated.remove("id");
        int firstId = Math.floorMod(repeated.toString().hashCode(), Integer.MAX_VALUE - 1) + 1;
        return new BindingEcho(Json.bytes(repeated), firstId);
    }

    /// The id that the binding gets unless a different one of the channel has it; between 1 and 2^31-1. Depends on the
    /// client's object only, so it is the same for equal bindings on all servers.
    public int firstId() {
        return firstId;
    }

    /// Whether the other one repeats the same object.
    public boolean isSameAs(BindingEcho other) {
        return Arrays.equals(json, other.json);
    }

    /// Writes the object with its id as the first key.
    public void writeTo(ByteArrayOutputStream out, int id) {
        out.writeBytes(Json.bytes("{\"id\":" + id));
        if (json.length > EMPTY_OBJECT) {
            out.write(',');
            out.write(json, 1, json.length - 1);
        } else {
            out.write('}');
        }
    }
}
