package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.ErrorCode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Verifies HS256 access tokens. `role` and a numeric `exp` in the future are required; the algorithm is not the
/// token's
/// choice. Safe for any thread.
public final class TokenVerifier {
    /// Longer tokens are not looked at.
    private static final int TOKEN_LENGTH_MAX = 64 * 1024;

    private static final String REQUIRED = "Fields `role` and `exp` are required in JWT";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final JWSVerifier verifier;
    private final Clock clock;

    /// @param secret at least 32 characters
    public TokenVerifier(String secret, Clock clock) {
        try {
            this.verifier = new MACVerifier(secret);
        } catch (JOSEException e) {
            throw new IllegalArgumentException("the secret is too short for HS256", e);
        }
        this.clock = requireNonNull(clock, "clock is null");
    }

    public TokenCheck verify(String token) {
        if (token.length() > TOKEN_LENGTH_MAX) {
            return malformed();
        }
        try {
            JWSObject decoded = JWSObject.parse(cleaned(token));
            if (!JWSAlgorithm.HS256.equals(decoded.getHeader().getAlgorithm())) {
                return refused(ErrorCode.JWT_SIGNER_ERROR, ErrorCode.JWT_SIGNER_ERROR.text());
            }
            return decoded.verify(verifier)
                    ? claims(decoded.getPayload().toString())
                    : refused(ErrorCode.JWT_SIGNATURE_ERROR, ErrorCode.JWT_SIGNATURE_ERROR.text());
        } catch (ParseException | JsonProcessingException | IllegalArgumentException e) {
            return malformed();
        } catch (JOSEException e) {
            return refused(ErrorCode.JWT_SIGNER_ERROR, ErrorCode.JWT_SIGNER_ERROR.text());
        }
    }

    private static String cleaned(String token) {
        String decoded = token.indexOf('%') < 0 ? token : URLDecoder.decode(token, StandardCharsets.UTF_8);
        return decoded.replaceAll("\\s", "");
    }

    private TokenCheck claims(String text) throws JsonProcessingException {
        JsonNode claims = JSON.readTree(text);
        if (!claims.isObject()) {
            return malformed();
        }
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
