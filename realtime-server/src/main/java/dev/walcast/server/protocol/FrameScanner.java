package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Walks over one text message and remembers where the payload lies, so that it can be forwarded untouched. The text is
/// valid UTF-8: the caller has checked.
final class FrameScanner {
    /// Of one character in JSON: `\u00e4`.
    private static final int ESCAPE_BYTES_MAX = 6;

    /// Of one `char` of Java.
    private static final int UTF8_BYTES_MAX = 3;

    private static final int QUOTES_BYTES = 2;

    /// No key that a caller knows is longer.
    private static final int KEY_BYTES_MAX = 256;

    private final byte[] utf8;
    private final JsonCursor cursor;
    private boolean isObject;
    private boolean isFirst = true;

    FrameScanner(byte[] utf8) {
        this(Slice.of(utf8));
    }

    FrameScanner(Slice json) {
        this.utf8 = json.bytes();
        this.cursor = new JsonCursor(json, Json.NESTING_MAX - 1); // the message itself is one level
    }

    void startArray() throws IOException {
        start('[', false);
    }

    void startObject() throws IOException {
        start('{', true);
    }

    private void start(char bracket, boolean ofObject) throws IOException {
        isObject = ofObject;
        if (!cursor.skipIf(bracket)) {
            throw new Json.MalformedJson("wrong kind of JSON value");
        }
    }

    /// The name of the next key, its value is next; null at the end of the object. Empty for one that is longer than
    /// any that a caller knows.
    @Nullable
    String nextKey() throws IOException {
        if (isEnd('}')) {
            return null;
        }
        cursor.peek();
        int from = cursor.position();
        cursor.skipString();
        Slice key = from(from);
        cursor.expect(':');
        return key.length() > KEY_BYTES_MAX ? "" : string(key);
    }

    /// Phoenix takes any scalar and returns it as it came.
    @Nullable
    Ref nextRef(int bytesMax) throws IOException {
        Slice value = nextValue();
        if (value.isNull()) {
            return null;
        }
        if (value.isString()) {
            return Ref.ofString(text(value, bytesMax));
        }
        if (value.isObject() || value.isArray()) {
            throw new Json.MalformedJson("a ref is an object or an array");
        }
        if (value.length() > bytesMax) {
            throw tooLong();
        }
        return Ref.ofLiteral(value.text());
    }

    /// A longer string is malformed, and is not made.
    ///
    /// @param bytesMax of its UTF-8
    String nextString(int bytesMax) throws IOException {
        Slice value = nextValue();
        if (!value.isString()) {
            throw new Json.MalformedJson("topic or event is not a string");
        }
        return text(value, bytesMax);
    }

    /// The next value when it is a string; empty for any other.
    ///
    /// @param bytesMax see [#nextString(int)]
    String nextText(int bytesMax) throws IOException {
        Slice value = nextValue();
        return value.isString() ? text(value, bytesMax) : "";
    }

    Slice nextValue() throws IOException {
        if (!isObject && isEnd(']')) {
            throw new Json.MalformedJson("too few elements");
        }
        return value();
    }

    /// The next element of an array; null at its end.
    @Nullable
    Slice nextElement() throws IOException {
        return isEnd(']') ? null : value();
    }

    void skipValue() throws IOException {
        nextValue();
    }

    /// Skips what follows in the array.
    void finishArray() throws IOException {
        while (!isEnd(']')) {
            cursor.skipValue();
        }
    }

    void end() throws IOException {
        if (!cursor.isAtEnd()) {
            throw new Json.MalformedJson("something follows the message");
        }
    }

    /// Moves behind what ends the array or object, or to its next element.
    private boolean isEnd(char bracket) throws IOException {
        if (cursor.skipIf(bracket)) {
            return true;
        }
        if (!isFirst) {
            cursor.expect(',');
        }
        isFirst = false;
        return false;
    }

    private Slice value() throws IOException {
        cursor.peek();
        int from = cursor.position();
        cursor.skipValue();
        return from(from);
    }

    private Slice from(int from) {
        return new Slice(utf8, from, cursor.position() - from);
    }

    private static String text(Slice quoted, int bytesMax) throws IOException {
        if (quoted.length() > (long) bytesMax * ESCAPE_BYTES_MAX + QUOTES_BYTES) {
            throw tooLong();
        }
        String text = encodable(string(quoted));
        if (text.length() > bytesMax / UTF8_BYTES_MAX && text.getBytes(UTF_8).length > bytesMax) {
            throw tooLong();
        }
        return text;
    }

    private static String string(Slice quoted) throws IOException {
        int end = quoted.offset() + quoted.length() - 1;
        for (int i = quoted.offset(); i < end; i++) {
            if (quoted.bytes()[i] == '\\') {
                return Json.tree(quoted).map(JsonNode::textValue).orElseThrow(JsonCursor::notJson);
            }
        }
        return new String(quoted.bytes(), quoted.offset() + 1, quoted.length() - QUOTES_BYTES, UTF_8);
    }

    private static Json.MalformedJson tooLong() {
        return new Json.MalformedJson("topic, event or ref is too long");
    }

    private static String encodable(String text) throws Json.MalformedJson {
        if (Utf8.hasLoneSurrogate(text)) {
            throw new Json.MalformedJson("half a surrogate pair");
        }
        return text;
    }
}
