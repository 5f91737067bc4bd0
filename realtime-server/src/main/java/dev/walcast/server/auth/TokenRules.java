package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/// The rules by which clients' tokens and keys are checked.
public final class TokenRules {
    private final Optional<VerificationKey> secret;
    private final KeySource keySource;
    private final ClaimRules claims;
    private final OpaqueKeys opaqueKeys;

    /// @param secret    verifies tokens that name no other key: HS256, HS384 or HS512
    /// @param keySource the keys of tokens that name a key
    public TokenRules(Optional<String> secret, KeySource keySource, ClaimRules claims, OpaqueKeys opaqueKeys) {
        this.secret = secret.map(VerificationKey::ofSecret);
        this.keySource = requireNonNull(keySource, "keySource is null");
        this.claims = requireNonNull(claims, "claims is null");
        this.opaqueKeys = requireNonNull(opaqueKeys, "opaqueKeys is null");
    }

    /// Rules that accept only tokens signed with this secret.
    public static TokenRules ofSecret(String secret) {
        return new TokenRules(Optional.of(secret), new KeySource.None(), ClaimRules.usual(), OpaqueKeys.none());
    }

    Optional<VerificationKey> secret() {
        return secret;
    }

    KeySource keySource() {
        return keySource;
    }

    ClaimRules claims() {
        return claims;
    }

    OpaqueKeys opaqueKeys() {
        return opaqueKeys;
    }
}
