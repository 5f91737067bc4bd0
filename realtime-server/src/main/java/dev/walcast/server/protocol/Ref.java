package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;

/// What a client names a message or a join by: a string, a number or a boolean. It is echoed with the type it came
/// with, numbers in the client's own digits. A missing ref and null are both null.
///
/// Two refs are equal when their JSON is: a number and a string differ, two spellings of one string do not.
///
/// @param json as it is written into frames
public record Ref(String json) {
    public Ref {
        requireNonNull(json, "json is null");
    }

    /// Whether both read the same: a binary frame and some clients send as text what a join named by a number.
    public boolean hasTextOf(Ref other) {
        return unquoted().equals(other.unquoted());
    }

    private String unquoted() {
        return json.startsWith("\"") ? json.substring(1, json.length() - 1) : json;
    }

    static Ref ofString(String text) {
        return new Ref(Json.quoted(text));
    }

    /// @param text of a number or boolean, as a JSON parser found it
    static Ref ofLiteral(String text) {
        return new Ref(text);
    }
}
