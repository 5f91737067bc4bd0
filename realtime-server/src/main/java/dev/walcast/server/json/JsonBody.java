package dev.walcast.server.json;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Optional;

/// Reads the JSON of a request's body, checked but unchanged.
public final class JsonBody {
    private static final byte[] EMPTY = {'{', '}'};
    private static final byte[] WRAP = "{\"_json\":".getBytes(US_ASCII);

    private JsonBody() {}

    /// Returns the body's single value without surrounding whitespace. An empty body is an empty object. Empty when
    /// the body is no JSON.
    public static Optional<Slice> value(byte[] body) {
        Slice text = stripped(body);
        if (text.length() == 0) {
            return Optional.of(Slice.of(EMPTY));
        }
        return Utf8.isValid(body, 0, body.length) && Json.isValue(text) ? Optional.of(text) : Optional.empty();
    }

    /// As [#value(byte\[\])], but a value that is no object becomes `{"_json":…}`, because some clients accept only
    /// objects.
    public static Optional<Slice> object(byte[] body) {
        return value(body).map(value -> value.isObject() ? value : wrapped(value));
    }

    private static Slice wrapped(Slice value) {
        byte[] json = new byte[WRAP.length + value.length() + 1];
        System.arraycopy(WRAP, 0, json, 0, WRAP.length);
        System.arraycopy(value.bytes(), value.offset(), json, WRAP.length, value.length());
        json[json.length - 1] = '}';
        return Slice.of(json);
    }

    private static Slice stripped(byte[] body) {
        int from = 0;
        int to = body.length;
        while (from < to && isSpace(body[from])) {
            from++;
        }
        while (to > from && isSpace(body[to - 1])) {
            to--;
        }
        return new Slice(body, from, to - from);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r';
    }
}
