package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.json.Utf8;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Walks the tokens of one text message and remembers where the payload lies, so that it can be forwarded untouched.
final class FrameScanner implements AutoCloseable {
    /// Of one character in JSON: `\u00e4`.
    private static final int ESCAPE_BYTES_MAX = 6;

    /// Of one `char` of Java.
    private static final int UTF8_BYTES_MAX = 3;

    private final byte[] utf8;
    private final int offset;
    private final int length;
    private final JsonParser parser;

    FrameScanner(byte[] utf8) throws IOException {
        this(Slice.of(utf8));
    }

    FrameScanner(Slice json) throws IOException {
        this.utf8 = json.bytes();
        this.offset = json.offset();
        this.length = json.length();
        this.parser = Json.scan(json.bytes(), json.offset(), json.length());
    }

    void start(JsonToken expected) throws IOException {
        if (parser.nextToken() != expected) {
            throw new Json.MalformedJson("wrong kind of JSON value");
        }
    }

    /// How many bytes were read up to the end of the latest token.
    int at() {
        return Math.toIntExact(parser.currentLocation().getByteOffset());
    }

    /// The name of the next key; null at the end of the object.
    @Nullable
    String nextKey() throws IOException {
        return parser.nextFieldName();
    }

    /// Phoenix takes any scalar and returns it as it came.
    @Nullable
    Ref nextRef(int bytesMax) throws IOException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        if (token == JsonToken.VALUE_STRING) {
            return Ref.ofString(text(bytesMax));
        }
        if (token != null && token.isScalarValue()) {
            return Ref.ofLiteral(text(bytesMax));
        }
        throw new Json.MalformedJson("a ref is an object or an array");
    }

    /// A longer string is malformed, and is not made.
    ///
    /// @param bytesMax of its UTF-8
    String nextString(int bytesMax) throws IOException {
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
            throw new Json.MalformedJson("topic or event is not a string");
        }
        return text(bytesMax);
    }

    /// The next value when it is a string; empty for any other.
    ///
    /// @param bytesMax see [#nextString(int)]
    String nextText(int bytesMax) throws IOException {
        if (parser.nextToken() == JsonToken.VALUE_STRING) {
            return text(bytesMax);
        }
        parser.skipChildren();
        return "";
    }

    private String text(int bytesMax) throws IOException {
        if (!endsWithin((long) bytesMax * ESCAPE_BYTES_MAX)) {
            throw tooLong();
        }
        String text = encodable(parser.getText());
        if (text.length() > bytesMax / UTF8_BYTES_MAX && text.getBytes(UTF_8).length > bytesMax) {
            throw tooLong();
        }
        return text;
    }

    private static Json.MalformedJson tooLong() {
        return new Json.MalformedJson("topic, event or ref is too long");
    }

    /// Whether the string or number at hand ends after so many bytes at most. The parser has not read it yet: it makes
    /// a string only when it is asked for one.
    private boolean endsWithin(long bytes) throws IOException {
        int from = offset + Math.toIntExact(parser.currentTokenLocation().getByteOffset());
        boolean isString = parser.currentToken() == JsonToken.VALUE_STRING;
        int end = offset + length;
        for (int i = isString ? from + 1 : from; i < end; i++) {
            if (i - from > bytes + 1) {
                return false;
            }
            if (isString ? utf8[i] == '"' : utf8[i] == ',' || utf8[i] == ']' || utf8[i] == '}') {
                return true;
            }
            if (isString && utf8[i] == '\\') {
                i++;
            }
        }
        return true;
    }

    Slice nextValue() throws IOException {
        JsonToken token = parser.nextToken();
        if (token == null || token == JsonToken.END_ARRAY) {
            throw new Json.MalformedJson("too few elements");
        }
        return value();
    }

    /// The next element of an array; null at its end.
    @Nullable
    Slice nextElement() throws IOException {
        return parser.nextToken() == JsonToken.END_ARRAY ? null : value();
    }

    private Slice value() throws IOException {
        int from = Math.toIntExact(parser.currentTokenLocation().getByteOffset());
        parser.skipChildren();
        parser.finishToken();
        int to = Math.toIntExact(parser.currentLocation().getByteOffset());
        return new Slice(utf8, offset + from, to - from);
    }

    void skipValue() throws IOException {
        parser.nextToken();
        parser.skipChildren();
    }

    /// Skips what follows in the enclosing array.
    void finishArray() throws IOException {
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            parser.skipChildren();
        }
    }

    void end() throws IOException {
        if (parser.nextToken() != null) {
            throw new Json.MalformedJson("something follows the message");
        }
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }

    private static String encodable(String text) throws Json.MalformedJson {
        if (Utf8.hasLoneSurrogate(text)) {
            throw new Json.MalformedJson("half a surrogate pair");
        }
        return text;
    }
}
