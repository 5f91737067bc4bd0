package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/// Signs HS256 access tokens, for development and tests; in production your auth server does.
public final class TokenIssuer {
    private final Algorithm algorithm;
    private final Clock clock;

    public TokenIssuer(String secret, Clock clock) {
        this.algorithm = Algorithm.HMAC256(requireNonNull(secret, "secret is null"));
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// @param claims further claims, as Jackson maps JSON to Java
    public String issue(String role, Map<String, ?> claims, Duration validFor) {
        Instant now = clock.instant();
        return JWT.create()
                .withPayload(claims)
                .withClaim("role", role)
                .withIssuer("walcast")
                .withIssuedAt(now)
                .withExpiresAt(now.plus(validFor))
                .sign(algorithm);
    }
}
