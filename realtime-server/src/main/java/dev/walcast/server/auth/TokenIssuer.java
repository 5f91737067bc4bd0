package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;

/// Signs HS256 access tokens, for development and tests; in production your auth server does.
public final class TokenIssuer {
    private final MACSigner signer;
    private final Clock clock;

    /// @param secret at least 32 characters
    public TokenIssuer(String secret, Clock clock) {
        try {
            this.signer = new MACSigner(secret);
        } catch (JOSEException e) {
            throw new IllegalArgumentException("the secret is too short for HS256: at least 32 characters", e);
        }
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// @param claims further claims, as Jackson maps JSON to Java
    public String issue(String role, Map<String, ?> claims, Duration validFor) {
        Instant now = clock.instant();
        JWTClaimsSet.Builder all = new JWTClaimsSet.Builder();
        claims.forEach(all::claim);
        all.claim("role", role)
                .issuer("walcast")
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(validFor)));
        SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), all.build());
        try {
            token.sign(signer);
        } catch (JOSEException e) {
            throw new IllegalStateException("HS256 is always there", e);
        }
        return token.serialize();
    }
}
