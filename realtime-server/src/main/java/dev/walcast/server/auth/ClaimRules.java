package dev.walcast.server.auth;

import static dev.walcast.server.protocol.ErrorCode.TOKEN_CLAIM_REFUSED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_EXPIRED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_INCOMPLETE;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_ROLE_TOO_LONG;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_TIME_UNREADABLE;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_TOO_EARLY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict.Rejected;
import dev.walcast.server.auth.TokenVerdict.Verified;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.Refusal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/// The rules for the claims of a correctly signed token. They are checked in a fixed order: unreadable times, expiry,
/// not yet valid, role and expiry present, the operator's own rules. The first failure is the result.
///
/// @param required claims that must be present with exactly this value, `aud` also in a list; a missing claim fails
///                 like a wrong one
/// @param leeway   how much the clocks may differ
public record ClaimRules(Map<String, JsonNode> required, Duration leeway) {
    private static final List<String> TIMES = List.of("exp", "nbf", "iat");
    private static final int INTEGER_DIGITS_MAX = 17;
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
    /// @throws IllegalArgumentException when the text is no JSON object; the message says so
    public static Map<String, JsonNode> parseRequired(String json) {
        JsonNode object = Json.strictTree(Slice.of(json.getBytes(UTF_8)))
                .filter(JsonNode::isObject)
                .orElseThrow(() -> new IllegalArgumentException("is not a JSON object like {\"iss\":\"my-auth\"}"));
        Map<String, JsonNode> required = new TreeMap<>();
        object.properties().forEach(property -> required.put(property.getKey(), property.getValue()));
        return required;
    }

    TokenVerdict judge(CompactToken token, Instant now) {
        JsonNode claims = token.claims();
        Optional<String> unreadable =
                TIMES.stream().filter(name -> isNotANumber(claims.path(name))).findFirst();
        if (unreadable.isPresent()) {
            return new Rejected(TOKEN_TIME_UNREADABLE.refusal(unreadable.get()));
        }
        JsonNode exp = claims.path("exp");
        JsonNode nbf = claims.path("nbf");
        JsonNode role = claims.path("role");
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
        return required.entrySet().stream()
                .filter(claim -> !meets(claim.getKey(), claims.path(claim.getKey()), claim.getValue()))
                .findFirst()
                .<TokenVerdict>map(claim -> new Rejected(TOKEN_CLAIM_REFUSED.refusal(claim.getKey())))
                .orElseGet(() -> new Verified(new Viewer(role.textValue(), token.claimsText()), lastMoment(exp)));
    }

    /// An `aud` may be a list of which one audience counts (RFC 7519, 4.1.3).
    private static boolean meets(String name, JsonNode claim, JsonNode wanted) {
        boolean isListed = name.equals("aud")
                && wanted.isTextual()
                && claim.isArray()
                && StreamSupport.stream(claim.spliterator(), false).anyMatch(wanted::equals);
        return isListed || claim.equals(wanted);
    }

    /// The refusal for a token that has expired by now.
    Refusal expired(Instant lastMoment, Instant now) {
        long sinceExpiry = now.getEpochSecond() - lastMoment.minus(leeway).getEpochSecond();
        return TOKEN_EXPIRED.refusal(Math.max(0, sinceExpiry));
    }

    /// The expiry plus the leeway.
    private Instant lastMoment(JsonNode exp) {
        Instant expiry = seconds(exp, RoundingMode.HALF_UP);
        return expiry.isAfter(Instant.MAX.minus(leeway)) ? Instant.MAX : expiry.plus(leeway);
    }

    /// Whether the claim is present and is not a number.
    private static boolean isNotANumber(JsonNode claim) {
        return !claim.isMissingNode() && !claim.isNull() && !claim.isNumber();
    }

    /// Compares the magnitude first: writing out `1e-9999999` would take ten million digits.
    private static Instant seconds(JsonNode time, RoundingMode rounding) {
        BigDecimal seconds = time.decimalValue();
        int integerDigits = Math.clamp((long) seconds.precision() - seconds.scale(), -1, INTEGER_DIGITS_MAX + 1);
        if (seconds.signum() <= 0 || integerDigits < 0) {
            boolean up = seconds.signum() > 0 && rounding == RoundingMode.CEILING;
            return Instant.ofEpochSecond(up ? 1 : 0);
        }
        return integerDigits > INTEGER_DIGITS_MAX
                ? Instant.MAX
                : Instant.ofEpochSecond(
                        seconds.setScale(0, rounding).min(LAST_SECOND).longValueExact());
    }
}
