package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Walks a text frame and cuts the payload out as it stands, so that what is forwarded is what was sent: no number is
/// converted and no key is lost.
final class FrameReader {
    private static final int NESTING_MAX = 500;

    /// A number of any length is a piece of text here.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(NESTING_MAX)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private FrameReader() {}

    /// Something that is no frame of the protocol.
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    static JsonParser open(String text) throws IOException {
        return JSON.createParser(text);
    }

    /// Whether the bytes are one JSON value and nothing else.
    static boolean isJson(byte[] bytes) {
        try (JsonParser parser = JSON.createParser(bytes)) {
            if (parser.nextToken() == null) {
                return false;
            }
            parser.skipChildren();
            return parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }

    /// The string or null at the parser; a number is taken for its digits, as refs sometimes are.
    static @Nullable String optionalText(JsonParser parser) throws IOException, MalformedException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        if (token != JsonToken.VALUE_STRING && token != JsonToken.VALUE_NUMBER_INT) {
            throw new MalformedException();
        }
        return parser.getText();
    }

    static String text(JsonParser parser) throws IOException, MalformedException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw new MalformedException();
        }
        return parser.getText();
    }

    /// The source text of the value at the parser, which is left at the value's end.
    static String verbatim(JsonParser parser, String source) throws IOException, MalformedException {
        if (parser.currentToken() == null) {
            throw new MalformedException();
        }
        int start = (int) parser.currentTokenLocation().getCharOffset();
        parser.skipChildren();
        if (parser.currentToken().isScalarValue()) {
            parser.finishToken();
        }
        return source.substring(start, (int) parser.currentLocation().getCharOffset())
                .strip();
    }
}
