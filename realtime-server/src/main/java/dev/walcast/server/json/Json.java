package dev.walcast.server.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
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
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.util.Optional;

/// Reads and writes the JSON of the protocol: bounded in depth, with exact numbers, UTF-8 only.
public final class Json {
    private static final int NESTING_MAX = 500;

    /// Below this size the largest factor is assumed. Nested objects take most: 5 bytes of text become 200 of memory.
    private static final int SCANNED_BYTES_MIN = 64;

    private static final int TREE_FACTOR_MAX = 48;

    // The memory of a tree's parts on a 64-bit JVM, with the reference that holds each.
    private static final int OBJECT_BYTES = 170;
    private static final int ARRAY_BYTES = 110;
    private static final int MEMBER_BYTES = 100;
    private static final int STRING_BYTES = 80;
    private static final int INTEGER_BYTES = 32;
    private static final int NUMBER_BYTES = 140;
    private static final int ELEMENT_BYTES = 8;

    /// An integer with at most this many digits is a `long`.
    private static final int LONG_DIGITS = 18;

    /// Jackson's default keeps buffers with their thread, 16 KB each; here every socket has a thread.
    private static final RecyclerPool<BufferRecycler> BUFFERS = JsonRecyclerPools.newBoundedPool(64);

    /// The values of one tree, with long numbers counted several times: a tree of this weight takes 50 ms to read and
    /// write.
    private static final long TREE_WEIGHT_MAX = 100_000;

    /// Numbers that are only forwarded are never turned into values, so they may be as long as a frame.
    private static final JsonParsers SCANNERS = new JsonParsers(
            () -> factory(StreamReadConstraints.builder()
                            .maxNestingDepth(NESTING_MAX)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .build())
                    .build(),
            Long.MAX_VALUE);

    private static final JsonParsers TREES = new JsonParsers(() -> treeFactory().build(), TREE_WEIGHT_MAX);

    private static final JsonMapper MAPPER = JsonMapper.builder(
                    treeFactory().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private Json() {}

    private static JsonFactoryBuilder treeFactory() {
        return factory(
                StreamReadConstraints.builder().maxNestingDepth(NESTING_MAX).build());
    }

    private static JsonFactoryBuilder factory(StreamReadConstraints constraints) {
        return new JsonFactoryBuilder()
                .recyclerPool(BUFFERS)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .streamReadConstraints(constraints);
    }

    /// Creates a parser over UTF-8, for callers that read tokens and need no tree.
    public static JsonParser scan(byte[] utf8, int offset, int length) throws IOException {
        requireUtf8(utf8, offset, length);
        return SCANNERS.parser(utf8, offset, length);
    }

    /// Parses a tree. Empty when the text is not exactly one JSON value within the bounds.
    public static Optional<JsonNode> tree(Slice json) {
        return tree(json, false);
    }

    /// As [#tree(Slice)], but empty when an object names a key twice.
    public static Optional<JsonNode> strictTree(Slice json) {
        return tree(json, true);
    }

    /// The text of a JSON string; empty for any other value.
    public static Optional<String> text(Slice json) {
        return tree(json).filter(JsonNode::isTextual).map(JsonNode::textValue);
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
        return TREES.parser(json.bytes(), json.offset(), json.length());
    }

    /// Refuses bytes that Jackson could take for another encoding: it guesses the encoding from the first four bytes.
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

    /// Writes a tree. Non-ASCII characters are escaped, which keeps unpaired surrogates as the client sent them.
    public static byte[] bytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (IOException e) {
            throw new IllegalStateException("a tree could not be written", e);
        }
    }

    /// Returns the text as a JSON string, with its quotes. Non-ASCII characters come out escaped, as in
    /// [#bytes(JsonNode)].
    public static byte[] quotedAscii(String text) {
        return bytes(TextNode.valueOf(text));
    }

    /// Whether both are the same JSON value, in whatever order the members of objects come. Two texts that are no JSON
    /// within the bounds are the same.
    public static boolean isSame(Slice one, Slice other) {
        return tree(one).equals(tree(other));
    }

    /// Returns the UTF-8 of JSON text.
    public static byte[] bytes(String json) {
        return json.getBytes(UTF_8);
    }

    /// Returns the text as a JSON string, with quotes.
    public static String quoted(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, quoted);
        return quoted.append('"').toString();
    }

    /// Returns an upper bound of the memory that a tree of this text takes, without building it. For malformed text
    /// it counts what was read before the fault.
    public static long treeBytes(Slice json) {
        if (json.length() < SCANNED_BYTES_MIN) {
            return (long) TREE_FACTOR_MAX * json.length();
        }
        long bytes = 0;
        try (JsonParser parser = scan(json.bytes(), json.offset(), json.length())) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                bytes += switch (token) {
                    case START_OBJECT -> OBJECT_BYTES;
                    case START_ARRAY -> ARRAY_BYTES;
                    case FIELD_NAME -> MEMBER_BYTES;
                    case VALUE_STRING -> STRING_BYTES;
                    case VALUE_NUMBER_INT -> parser.getTextLength() <= LONG_DIGITS ? INTEGER_BYTES : NUMBER_BYTES;
                    case VALUE_NUMBER_FLOAT -> NUMBER_BYTES;
                    default -> ELEMENT_BYTES;
                };
            }
        } catch (IOException _) {
            return bytes + json.length() * 2L;
        }
        return bytes + json.length() * 2L;
    }

    /// Whether the bytes are exactly one JSON value.
    public static boolean isValue(Slice json) {
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

    /// Thrown for malformed JSON. The message is fixed text and safe to log.
    public static final class MalformedJson extends IOException {
        private static final long serialVersionUID = 1;

        public MalformedJson(String message) {
            super(message);
        }
    }
}
