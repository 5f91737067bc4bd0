package dev.walcast.server.auth;

import static dev.walcast.server.protocol.ErrorCode.TOKEN_ALGORITHM_REFUSED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_EXPIRED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_INCOMPLETE;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_MALFORMED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_SIGNATURE_WRONG;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_UNUSABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.auth0.jwt.algorithms.Algorithm;
import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict.Rejected;
import dev.walcast.server.auth.TokenVerdict.Verified;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/// Decides who a token stands for. Only HS256 with the one secret is believed. Checks in a fixed order: shape,
/// algorithm, signature, expiry, required claims; the first failure is the answer. Nothing of the token ends up in a
/// refusal.
public final class TokenVerifier {
    private static final BigDecimal LAST_SECOND = BigDecimal.valueOf(Instant.MAX.getEpochSecond());

    private final Algorithm algorithm;
    private final Clock clock;

    public TokenVerifier(String secret, Clock clock) {
        this.algorithm = Algorithm.HMAC256(requireNonNull(secret, "secret is null"));
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// @param token as the client sent it: may be percent-encoded and contain whitespace
    public TokenVerdict verify(String token) {
        Optional<CompactToken> parsed = CompactToken.parse(token);
        if (parsed.isEmpty()) {
            return rejected(TOKEN_MALFORMED);
        }
        CompactToken compact = parsed.get();
        if (!compact.algorithm().equals("HS256")) {
            return rejected(TOKEN_ALGORITHM_REFUSED);
        }
        return isSigned(compact) ? judgeClaims(compact) : rejected(TOKEN_SIGNATURE_WRONG);
    }

    /// The refusal to give for a token that was good until then.
    public Refusal expired(Instant expiresAt) {
        return TOKEN_EXPIRED.refusal(Math.max(0, clock.instant().getEpochSecond() - expiresAt.getEpochSecond()));
    }

    private boolean isSigned(CompactToken token) {
        byte[] expected = algorithm.sign(
                token.signedHeader().getBytes(UTF_8), token.signedClaims().getBytes(UTF_8));
        return MessageDigest.isEqual(expected, token.signature());
    }

    private TokenVerdict judgeClaims(CompactToken token) {
        JsonNode exp = token.claims().path("exp");
        JsonNode role = token.claims().path("role");
        if (isNotANumber(exp) || isNotANumber(token.claims().path("iat"))) {
            return rejected(TOKEN_UNUSABLE);
        }
        if (exp.isNumber() && !expiry(exp).isAfter(clock.instant())) {
            return new Rejected(expired(expiry(exp)));
        }
        if (!exp.isNumber() || !role.isTextual()) {
            return rejected(TOKEN_INCOMPLETE);
        }
        return new Verified(new Viewer(role.textValue(), token.claimsText()), expiry(exp));
    }

    /// Whether the claim is there and is something else.
    private static boolean isNotANumber(JsonNode claim) {
        return !claim.isMissingNode() && !claim.isNull() && !claim.isNumber();
    }

    private static Instant expiry(JsonNode exp) {
        BigDecimal seconds = exp.decimalValue().min(LAST_SECOND).max(BigDecimal.ZERO);
        return Instant.ofEpochSecond(seconds.setScale(0, RoundingMode.HALF_UP).longValueExact());
    }

    private static Rejected rejected(ErrorCode code) {
        return new Rejected(code.refusal());
    }
}
