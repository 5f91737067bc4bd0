package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.json.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.keys.HmacKey;
import org.jose4j.lang.JoseException;

/// Signs HS256 access tokens for development and tests. In production the auth server issues tokens.
public final class TokenIssuer {
    private final HmacKey key;
    private final Clock clock;

    public TokenIssuer(String secret, Clock clock) {
        this.key = new HmacKey(requireNonNull(secret, "secret is null").getBytes(UTF_8));
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// @param claims additional claims, as Jackson maps JSON to Java
    public String issue(String role, Map<String, ?> claims, Duration validFor) {
        Instant now = clock.instant();
        ObjectNode all = new ObjectMapper().valueToTree(claims);
        all.put("role", role)
                .put("iss", "walcast")
                .put("iat", now.getEpochSecond())
                .put("exp", now.plus(validFor).getEpochSecond());
        return sign(all);
    }

    private String sign(JsonNode claims) {
        JsonWebSignature token = new JsonWebSignature();
        token.setHeader("typ", "JWT");
        token.setAlgorithmHeaderValue(AlgorithmIdentifiers.HMAC_SHA256);
        token.setPayloadBytes(Json.bytes(claims));
        token.setKey(key);
        // the server checks the length of the secret
        token.setDoKeyValidation(false);
        try {
            return token.getCompactSerialization();
        } catch (JoseException e) {
            throw new IllegalStateException("every Java signs HS256", e);
        }
    }
}
