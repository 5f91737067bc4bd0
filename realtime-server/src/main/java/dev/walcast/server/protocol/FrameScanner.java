package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Walks the tokens of one text message and remembers where the payload lies, so that it can be forwarded untouched.
final class FrameScanner implements AutoCloseable {
    private final byte[] utf8;
    private final int offset;
    private final JsonParser parser;

    FrameScanner(byte[] utf8) throws IOException {
        this(Slice.of(utf8));
    }

    FrameScanner(Slice json) throws IOException {
        this.utf8 = json.bytes();
        this.offset = json.offset();
        this.parser = Json.scan(json.bytes(), json.offset(), json.length());
    }

    void start(JsonToken expected) throws IOException {
        if (parser.nextToken() != expected) {
            throw new Json.MalformedJson("wrong kind of JSON value");
        }
    }

    /// The name of the next key; null at the end of the object.
    @Nullable
    String nextKey() throws IOException {
        return parser.nextFieldName();
    }

    /// Phoenix takes any scalar and returns it as it came.
    @Nullable
    Ref nextRef() throws IOException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        if (token == JsonToken.VALUE_STRING) {
            return Ref.ofString(encodable(parser.getText()));
        }
        if (token != null && token.isScalarValue()) {
            return Ref.ofLiteral(parser.getText());
        }
        throw new Json.MalformedJson("a ref is an object or an array");
    }

    String nextString() throws IOException {
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
            throw new Json.MalformedJson("topic or event is not a string");
        }
        return encodable(parser.getText());
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
