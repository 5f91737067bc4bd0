package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.security.Key;
import java.util.EnumSet;
import java.util.Set;
import org.jose4j.keys.HmacKey;

/// A key and the only algorithms that it may be used with, whatever a token names.
record VerificationKey(Key key, Set<SignatureAlgorithm> algorithms) {
    VerificationKey {
        requireNonNull(key, "key is null");
        algorithms = Set.copyOf(algorithms);
    }

    static VerificationKey ofSecret(String secret) {
        return new VerificationKey(
                new HmacKey(secret.getBytes(UTF_8)),
                EnumSet.of(SignatureAlgorithm.HS256, SignatureAlgorithm.HS384, SignatureAlgorithm.HS512));
    }

    boolean hasSigned(CompactToken token, SignatureAlgorithm algorithm) {
        return algorithms.contains(algorithm) && algorithm.verify(key, token.signedBytes(), token.signature());
    }

    /// Without the key, which may be a secret.
    @Override
    public String toString() {
        return "VerificationKey" + algorithms;
    }
}
