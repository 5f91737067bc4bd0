package dev.walcast.server.auth;

import static dev.walcast.server.protocol.ErrorCode.TOKEN_EXPIRED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_INCOMPLETE;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_ROLE_TOO_LONG;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_TOO_EARLY;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_UNUSABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.Identifier;
import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict.Rejected;
import dev.walcast.server.auth.TokenVerdict.Verified;
import dev.walcast.server.protocol.Json;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Slice;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/// What the claims of a correctly signed token must say. Checked in a fixed order: times that are none, expiry, not
/// yet valid, role and expiry present, the operator's own; the first failure is the answer.
///
/// @param required claims that must be there with exactly this value; one that is absent fails like a wrong one
/// @param leeway   by how much clocks may differ
public record ClaimRules(Map<String, JsonNode> required, Duration leeway) {
    private static final BigDecimal LAST_SECOND = BigDecimal.valueOf(Instant.MAX.getEpochSecond());

    public ClaimRules {
        required = Map.copyOf(required);
        requireNonNull(leeway, "leeway is null");
    }

    public static ClaimRules usual() {
        return new ClaimRules(Map.of(), Duration.ZERO);
    }

    /// Reads required claims, a JSON object from names to values.
    ///
    /// @throws IllegalArgumentException when it is none; the message says so
    public static Map<String, JsonNode> parseRequired(String json) {
        JsonNode object = Json.strictTree(Slice.of(json.getBytes(UTF_8)))
                .filter(JsonNode::isObject)
                .orElseThrow(() -> new IllegalArgumentException("is not a JSON object like {\"iss\":\"my-auth\"}"));
        Map<String, JsonNode> required = new TreeMap<>();
        object.properties().forEach(property -> required.put(property.getKey(), property.getValue()));
        return required;
    }

    TokenVerdict judge(CompactToken token, Instant now) {
        JsonNode exp = token.claims().path("exp");
        JsonNode nbf = token.claims().path("nbf");
        JsonNode role = token.claims().path("role");
        if (isNotANumber(exp)
                || isNotANumber(nbf)
                || isNotANumber(token.claims().path("iat"))) {
            return new Rejected(TOKEN_UNUSABLE.refusal());
        }
        if (exp.isNumber() && !lastMoment(exp).isAfter(now)) {
            return new Rejected(expired(lastMoment(exp), now));
        }
        if (nbf.isNumber() && seconds(nbf, RoundingMode.CEILING).isAfter(now.plus(leeway))) {
            return new Rejected(TOKEN_TOO_EARLY.refusal());
        }
        if (!exp.isNumber() || !role.isTextual()) {
            return new Rejected(TOKEN_INCOMPLETE.refusal());
        }
        if (!Identifier.fits(role.textValue())) {
            return new Rejected(TOKEN_ROLE_TOO_LONG.refusal(Identifier.BYTES_MAX));
        }
        if (!required.entrySet().stream()
                .allMatch(claim -> claim.getValue().equals(token.claims().get(claim.getKey())))) {
            return new Rejected(TOKEN_UNUSABLE.refusal());
        }
        return new Verified(new Viewer(role.textValue(), token.claimsText()), lastMoment(exp));
    }

    /// The refusal for a token that was good until then.
    Refusal expired(Instant lastMoment, Instant now) {
        long sinceExpiry = now.getEpochSecond() - lastMoment.minus(leeway).getEpochSecond();
        return TOKEN_EXPIRED.refusal(Math.max(0, sinceExpiry));
    }

    /// Its expiry and the leeway.
    private Instant lastMoment(JsonNode exp) {
        Instant expiry = seconds(exp, RoundingMode.HALF_UP);
        return expiry.isAfter(Instant.MAX.minus(leeway)) ? Instant.MAX : expiry.plus(leeway);
    }

    /// Whether the claim is there and is something else.
    private static boolean isNotANumber(JsonNode claim) {
        return !claim.isMissingNode() && !claim.isNull() && !claim.isNumber();
    }

    private static Instant seconds(JsonNode time, RoundingMode rounding) {
        BigDecimal seconds = time.decimalValue().min(LAST_SECOND).max(BigDecimal.ZERO);
        return Instant.ofEpochSecond(seconds.setScale(0, rounding).longValueExact());
    }
}
