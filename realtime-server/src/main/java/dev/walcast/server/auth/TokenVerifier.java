package dev.walcast.server.auth;

import static dev.walcast.server.protocol.ErrorCode.TOKEN_ALGORITHM_REFUSED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_KEY_UNKNOWN;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_MALFORMED;
import static dev.walcast.server.protocol.ErrorCode.TOKEN_SIGNATURE_WRONG;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict.Rejected;
import dev.walcast.server.auth.TokenVerdict.Verified;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Verifies tokens and opaque keys and returns their viewers. Checks run in a fixed order: form, algorithm and key,
/// signature, claims. The first failure is the result. A refusal repeats nothing of the token except the name of an
/// unknown key.
public final class TokenVerifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TokenVerifier.class);
    private static final Duration PLAUSIBLE_AGE = Duration.ofDays(365_250);

    private final TokenRules rules;
    private final KeyLookup keys;
    private final Clock clock;
    private final RefusalLog log;

    public TokenVerifier(TokenRules rules, Clock clock) {
        this.rules = requireNonNull(rules, "rules is null");
        this.clock = requireNonNull(clock, "clock is null");
        this.log = new RefusalLog(clock);
        this.keys = rules.keySource().open();
        rules.keySource().warnings().forEach(sentence -> LOG.warn("JWT_JWKS: {}", sentence));
    }

    /// A verifier that accepts tokens signed with this secret.
    public TokenVerifier(String secret, Clock clock) {
        this(TokenRules.ofSecret(requireNonNull(secret, "secret is null")), clock);
    }

    /// Starts to keep fetched keys up to date.
    public void start(Supervisor supervisor) {
        keys.keepFresh(supervisor);
    }

    /// Verifies a token. May wait, within a bound, when it names a key that has to be fetched.
    ///
    /// @param token as the client sent it; may be percent-encoded and contain whitespace
    public TokenVerdict verify(String token) {
        TokenVerdict verdict = verdict(token);
        switch (verdict) {
            case Rejected(Refusal refusal) -> log.refused(refusal);
            case Verified(Viewer _, Instant expiresAt) when isDistant(expiresAt) -> log.warnOfDistantExpiry();
            case Verified _ -> {}
        }
        return verdict;
    }

    /// [Instant#MAX] is excluded: opaque keys never expire.
    private boolean isDistant(Instant expiresAt) {
        return expiresAt.isAfter(clock.instant().plus(PLAUSIBLE_AGE)) && !expiresAt.equals(Instant.MAX);
    }

    private TokenVerdict verdict(String token) {
        if (OpaqueKeys.isOpaque(token)) {
            return rules.opaqueKeys()
                    .viewer(token)
                    .<TokenVerdict>map(viewer -> new Verified(viewer, Instant.MAX))
                    .orElseGet(() -> rejected(TOKEN_MALFORMED));
        }
        return CompactToken.parse(token).map(this::verify).orElseGet(() -> rejected(TOKEN_MALFORMED));
    }

    /// The refusal for a token that expired at this time.
    public long refused(ErrorCode code) {
        return log.count(code);
    }

    public Refusal expired(Instant expiresAt) {
        return rules.claims().expired(expiresAt, clock.instant());
    }

    @Override
    public void close() {
        keys.close();
    }

    private TokenVerdict verify(CompactToken token) {
        Optional<SignatureAlgorithm> algorithm = SignatureAlgorithm.named(token.algorithm());
        if (algorithm.isEmpty()) {
            return rejected(TOKEN_ALGORITHM_REFUSED);
        }
        Optional<VerificationKey> key = keyFor(token, algorithm.get());
        if (key.isEmpty()) {
            return noKeyFor(token);
        }
        return key.get().hasSigned(token, algorithm.get())
                ? rules.claims().judge(token, clock.instant())
                : rejected(TOKEN_SIGNATURE_WRONG);
    }

    /// The key that the token names. For a token that may be signed with the secret, and names no known key, the
    /// secret.
    private Optional<VerificationKey> keyFor(CompactToken token, SignatureAlgorithm algorithm) {
        Optional<VerificationKey> named = token.keyId().flatMap(id -> keys.find(id, algorithm));
        return named.isEmpty() && algorithm.isSymmetric() ? rules.secret() : named;
    }

    private TokenVerdict noKeyFor(CompactToken token) {
        return token.keyId()
                .filter(_ -> !(rules.keySource() instanceof KeySource.None))
                .map(id -> new Rejected(TOKEN_KEY_UNKNOWN.refusal(id)))
                .orElseGet(() -> rejected(TOKEN_ALGORITHM_REFUSED));
    }

    private static Rejected rejected(ErrorCode code) {
        return new Rejected(code.refusal());
    }
}
