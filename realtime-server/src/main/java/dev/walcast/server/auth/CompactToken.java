package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.json.Utf8;
import java.net.URLDecoder;
import java.util.Base64;
import java.util.Optional;

/// A JWT split into its parts. Nothing in it is verified yet.
///
/// @param keyId       the header's `kid`
/// @param signedText  the first two parts as signed, still encoded
/// @param claimsText  the claims object as the issuer wrote it
record CompactToken(
        String algorithm,
        Optional<String> keyId,
        String signedText,
        JsonNode claims,
        String claimsText,
        byte[] signature) {

    private static final int KEY_ID_LENGTH_MAX = 256;
    private static final int TOKEN_LENGTH_MAX = 64 * 1024;

    /// Parses a token. Empty when it is no JWT: three parts, header and claims objects, a header with an `alg` and
    /// without unknown demands (`crit`), at most 65,536 characters.
    static Optional<CompactToken> parse(String token) {
        if (token.length() > TOKEN_LENGTH_MAX) {
            return Optional.empty();
        }
        try {
            String[] parts = plain(token).split("\\.", 4);
            return parts.length == 3 ? parse(parts) : Optional.empty();
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /// Most tokens need no decoding.
    private static String plain(String token) {
        return token.chars().allMatch(CompactToken::isPlain)
                ? token
                : URLDecoder.decode(token, UTF_8).replaceAll("\\s+", "");
    }

    private static boolean isPlain(int c) {
        return (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '_'
                || c == '.';
    }

    private static Optional<CompactToken> parse(String[] parts) {
        Base64.Decoder base64 = Base64.getUrlDecoder();
        byte[] claimsText = base64.decode(parts[1]);
        byte[] signature = base64.decode(parts[2]);
        Optional<JsonNode> header = object(base64.decode(parts[0])).filter(h -> !h.has("crit"));
        Optional<JsonNode> claims = object(claimsText);
        Optional<String> algorithm = header.flatMap(h -> text(h, "alg"));
        if (algorithm.isEmpty() || claims.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> keyId = header.flatMap(h -> text(h, "kid")).filter(id -> id.length() <= KEY_ID_LENGTH_MAX);
        return Optional.of(new CompactToken(
                algorithm.get(),
                keyId,
                parts[0] + "." + parts[1],
                claims.get(),
                new String(claimsText, UTF_8),
                signature));
    }

    byte[] signedBytes() {
        return signedText.getBytes(UTF_8);
    }

    private static Optional<String> text(JsonNode object, String key) {
        return Optional.ofNullable(object.path(key).textValue());
    }

    /// Empty when a key occurs twice: this server and Postgres could read two different roles.
    private static Optional<JsonNode> object(byte[] json) {
        return Utf8.isValid(json, 0, json.length)
                ? Json.strictTree(Slice.of(json)).filter(JsonNode::isObject)
                : Optional.empty();
    }

    /// Without the parts: they would let any reader of the text act as this viewer.
    @Override
    public String toString() {
        return "CompactToken";
    }
}
