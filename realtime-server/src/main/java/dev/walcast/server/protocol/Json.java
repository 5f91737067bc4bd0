package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.BufferRecycler;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.core.util.RecyclerPool;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Optional;

/// JSON as this protocol reads it: bounded in depth, numbers exact, UTF-8 only.
public final class Json {
    private static final int NESTING_MAX = 500;

    /// Keys of larger messages are not remembered.
    private static final int SHARED_KEYS_BYTES_MAX = 4096;

    /// By default buffers stay with their thread, 16 KB for each: here every socket has a thread.
    private static final RecyclerPool<BufferRecycler> BUFFERS = JsonRecyclerPools.newBoundedPool(64);

    /// Numbers that are only forwarded are never turned into values, so they may be as long as a frame.
    private static final JsonFactory SCANNER = new JsonFactoryBuilder()
            .recyclerPool(BUFFERS)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(NESTING_MAX)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final JsonMapper MAPPER = JsonMapper.builder(new JsonFactoryBuilder()
                    .recyclerPool(BUFFERS)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(NESTING_MAX)
                            .build())
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private Json() {}

    /// A parser over UTF-8, for whoever looks at tokens rather than at a tree.
    static JsonParser scan(byte[] utf8, int offset, int length) throws IOException {
        requireUtf8(utf8, offset, length);
        return factoryFor(SCANNER, length).createParser(utf8, offset, length);
    }

    /// The value, or nothing when the text is not exactly one JSON value within our bounds.
    public static Optional<JsonNode> tree(Slice json) {
        return tree(json, false);
    }

    /// As [#tree(Slice)], but an object that names a key twice is no value at all.
    public static Optional<JsonNode> strictTree(Slice json) {
        return tree(json, true);
    }

    private static Optional<JsonNode> tree(Slice json, boolean strict) {
        try (JsonParser parser = treeParser(json)) {
            parser.configure(StreamReadFeature.STRICT_DUPLICATE_DETECTION.mappedFeature(), strict);
            JsonNode node = MAPPER.readTree(parser);
            return node == null || node.isMissingNode() || parser.nextToken() != null
                    ? Optional.empty()
                    : Optional.of(node);
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static JsonParser treeParser(Slice json) throws IOException {
        requireUtf8(json.bytes(), json.offset(), json.length());
        return factoryFor(MAPPER.getFactory(), json.length()).createParser(json.bytes(), json.offset(), json.length());
    }

    /// A factory remembers the keys that its parsers met, up to 6,000 of them, so large messages get one of their own.
    private static JsonFactory factoryFor(JsonFactory shared, int length) {
        return length <= SHARED_KEYS_BYTES_MAX ? shared : shared.copy();
    }

    /// Jackson guesses the encoding from the first four bytes; anything it could take for another one is refused.
    private static void requireUtf8(byte[] bytes, int offset, int length) throws IOException {
        if (length > 0 && bytes[offset] < 0) {
            throw new MalformedJson("starts with a byte order mark");
        }
        for (int i = offset; i < offset + Math.min(4, length); i++) {
            if (bytes[i] == 0) {
                throw new MalformedJson("not UTF-8");
            }
        }
    }

    /// Non-ASCII characters come out escaped, which keeps even unpaired surrogates as the client sent them.
    public static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (IOException e) {
            throw new IllegalStateException("a tree could not be written", e);
        }
    }

    static byte[] bytes(String json) {
        return json.getBytes(UTF_8);
    }

    /// The text as a JSON string, with its quotes.
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, quoted);
        return quoted.append('"').toString();
    }

    /// Whether the bytes are exactly one JSON value.
    static boolean isValue(Slice json) {
        try (JsonParser parser = scan(json.bytes(), json.offset(), json.length())) {
            if (parser.nextToken() == null) {
                return false;
            }
            parser.skipChildren();
            parser.finishToken();
            return parser.nextToken() == null;
        } catch (IOException _) {
            return false;
        }
    }

    /// The message is fixed and safe to log.
    static final class MalformedJson extends IOException {
        private static final long serialVersionUID = 1;

        MalformedJson(String message) {
            super(message);
        }
    }
}
