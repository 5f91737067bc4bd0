package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.ErrorCode;
import java.time.Instant;

/// What became of a token.
public sealed interface TokenCheck {
    /// @param expires when it stops being valid
    record Valid(Viewer viewer, Instant expires) implements TokenCheck {
        public Valid {
            requireNonNull(viewer, "viewer is null");
            requireNonNull(expires, "expires is null");
        }
    }

    /// @param message fit for the client
    /// @param upgradeMessage the same as a refused connection says it
    record Refused(ErrorCode code, String message, String upgradeMessage, int upgradeStatus) implements TokenCheck {
        public Refused {
            requireNonNull(code, "code is null");
            requireNonNull(message, "message is null");
            requireNonNull(upgradeMessage, "upgradeMessage is null");
        }

        /// As the reason of a refused join.
        public String reason() {
            return code.code() + ": " + message;
        }
    }
}
