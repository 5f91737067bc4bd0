package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.exceptions.JWTDecodeException;
import com.auth0.jwt.exceptions.SignatureVerificationException;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.ErrorCode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// Verifies HS256 access tokens. `role` and a numeric `exp` in the future are required; the algorithm is not the
/// token's
/// choice. Safe for any thread.
public final class TokenVerifier {
    /// Longer tokens are not looked at.
    private static final int TOKEN_LENGTH_MAX = 64 * 1024;

    private static final String REQUIRED = "Fields `role` and `exp` are required in JWT";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Algorithm algorithm;
    private final Clock clock;

    public TokenVerifier(String secret, Clock clock) {
        this.algorithm = Algorithm.HMAC256(secret);
        this.clock = requireNonNull(clock, "clock is null");
    }

    public TokenCheck verify(String token) {
        if (token.length() > TOKEN_LENGTH_MAX) {
            return malformed();
        }
        try {
            DecodedJWT decoded = JWT.decode(cleaned(token));
            if (!"HS256".equals(decoded.getAlgorithm())) {
                return refused(ErrorCode.JWT_SIGNER_ERROR, ErrorCode.JWT_SIGNER_ERROR.text());
            }
            algorithm.verify(decoded);
            return claims(new String(Base64.getUrlDecoder().decode(decoded.getPayload()), StandardCharsets.UTF_8));
        } catch (SignatureVerificationException e) {
            return refused(ErrorCode.JWT_SIGNATURE_ERROR, ErrorCode.JWT_SIGNATURE_ERROR.text());
        } catch (JWTDecodeException | JsonProcessingException | IllegalArgumentException e) {
            return malformed();
        }
    }

    private static String cleaned(String token) {
        String decoded = token.indexOf('%') < 0 ? token : URLDecoder.decode(token, StandardCharsets.UTF_8);
        return decoded.replaceAll("\\s", "");
    }

    private TokenCheck claims(String text) throws JsonProcessingException {
        JsonNode claims = JSON.readTree(text);
        JsonNode role = claims.get("role");
        JsonNode exp = claims.get("exp");
        if (role == null || !role.isTextual() || exp == null) {
            return refused(ErrorCode.INVALID_JWT_TOKEN, REQUIRED);
        }
        if (!exp.isNumber() || isNoNumber(claims.get("iat"))) {
            return new TokenCheck.Refused(
                    ErrorCode.INVALID_JWT_TOKEN,
                    "Claims `exp` and `iat` must be numbers",
                    "Error connecting to Realtime",
                    500);
        }
        Instant expires = Instant.ofEpochSecond(Math.round(exp.doubleValue()));
        Instant now = clock.instant();
        if (!expires.isAfter(now)) {
            return expired(expires, now);
        }
        return new TokenCheck.Valid(new Viewer(role.textValue(), text), expires);
    }

    private static boolean isNoNumber(@Nullable JsonNode value) {
        return value != null && !value.isNumber();
    }

    private static TokenCheck expired(Instant expires, Instant now) {
        long seconds = now.getEpochSecond() - expires.getEpochSecond();
        return new TokenCheck.Refused(ErrorCode.INVALID_JWT_TOKEN, expiredText(seconds), "Token has expired", 401);
    }

    /// What a channel is told whose token has run out.
    public static String expiredText(long secondsAgo) {
        return "Token has expired " + secondsAgo + " seconds ago";
    }

    private static TokenCheck malformed() {
        return refused(ErrorCode.MALFORMED_JWT, ErrorCode.MALFORMED_JWT.text());
    }

    private static TokenCheck refused(ErrorCode code, String message) {
        return new TokenCheck.Refused(code, message, message, 401);
    }
}
