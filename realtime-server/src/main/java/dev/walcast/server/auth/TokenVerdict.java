package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.Refusal;
import java.time.Instant;

/// The result of verifying a token.
public sealed interface TokenVerdict {
    record Verified(Viewer viewer, Instant expiresAt) implements TokenVerdict {
        public Verified {
            requireNonNull(viewer, "viewer is null");
            requireNonNull(expiresAt, "expiresAt is null");
        }
    }

    record Rejected(Refusal refusal) implements TokenVerdict {
        public Rejected {
            requireNonNull(refusal, "refusal is null");
        }
    }
}
