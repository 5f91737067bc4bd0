package dev.walcast.server.settings;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.ClaimRules;
import dev.walcast.server.auth.KeySource;
import dev.walcast.server.auth.OpaqueKeys;
import dev.walcast.server.auth.TokenRules;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The settings that decide which tokens are accepted.
final class TokenOptions {
    private static final int JWT_SECRET_LENGTH_MIN = 32;

    @Option(
            names = "--jwt-secret",
            paramLabel = "TEXT",
            description = "The secret that signs access tokens (HS256, HS384, HS512), at least 32 characters.")
    private @Nullable String jwtSecret;

    @Option(
            names = "--jwt-jwks",
            paramLabel = "KEYS|URL",
            description =
                    "The keys that verify access tokens (RS, ES, EdDSA, and HS with a kid): a JSON Web Key Set, an"
                            + " array of keys, or the URL of one. A URL is fetched every 5 minutes, and when a token names an"
                            + " unknown key. JWT_SECRET is optional then.")
    private @Nullable String jwtJwks;

    @Option(
            names = "--jwt-claim-validators",
            paramLabel = "JSON",
            defaultValue = "{}",
            description = "Claims that a token must have, with the value of each: {\"iss\":\"my-auth\"}.")
    private String jwtClaimValidators = "{}";

    @Option(
            names = "--jwt-leeway",
            paramLabel = "TIME",
            defaultValue = "0s",
            description = "How much the clock of the server that signs tokens may differ; at most 5m.")
    private Duration jwtLeeway = Duration.ZERO;

    @Option(
            names = "--publishable-keys",
            paramLabel = "KEYS",
            description = "API keys sb_publishable_... for the role anon, separated by commas; they never expire.")
    private @Nullable String publishableKeys;

    @Option(
            names = "--secret-keys",
            paramLabel = "KEYS",
            description = "API keys sb_secret_... for the role service_role, separated by commas; they never expire.")
    private @Nullable String secretKeys;

    static TokenOptions ofSecret(String secret) {
        TokenOptions options = new TokenOptions();
        options.jwtSecret = secret;
        return options;
    }

    /// @param problems receives a sentence for each problem; with problems the result must not be used
    TokenRules rules(List<String> problems) {
        if (jwtSecret == null && jwtJwks == null) {
            problems.add("JWT_SECRET is missing: set it to the secret that signs your access tokens, or JWT_JWKS to"
                    + " your auth server's keys or their URL.");
        }
        if (jwtSecret != null && jwtSecret.length() < JWT_SECRET_LENGTH_MIN) {
            problems.add("JWT_SECRET is too short: at least " + JWT_SECRET_LENGTH_MIN + " characters.");
        }
        if (jwtLeeway.isNegative() || jwtLeeway.compareTo(Duration.ofMinutes(5)) > 0) {
            problems.add("JWT_LEEWAY must be between 0s and 5m.");
        }
        KeySource keys = read(problems, "JWT_JWKS", jwtJwks, KeySource::parse, new KeySource.None());
        Map<String, JsonNode> claims =
                read(problems, "JWT_CLAIM_VALIDATORS", jwtClaimValidators, ClaimRules::parseRequired, Map.of());
        return new TokenRules(
                Optional.ofNullable(jwtSecret), keys, new ClaimRules(claims, jwtLeeway), opaqueKeys(problems));
    }

    private OpaqueKeys opaqueKeys(List<String> problems) {
        OpaqueKeys publishable = read(
                problems, "PUBLISHABLE_KEYS", publishableKeys, OpaqueKeys.Kind.PUBLISHABLE::parse, OpaqueKeys.none());
        OpaqueKeys secret = read(problems, "SECRET_KEYS", secretKeys, OpaqueKeys.Kind.SECRET::parse, OpaqueKeys.none());
        return publishable.and(secret);
    }

    private static <T> T read(
            List<String> problems, String name, @Nullable String setting, Function<String, T> reader, T otherwise) {
        if (setting == null) {
            return otherwise;
        }
        try {
            return reader.apply(setting);
        } catch (IllegalArgumentException e) {
            problems.add(name + " " + e.getMessage());
            return otherwise;
        }
    }
}
