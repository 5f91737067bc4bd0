package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.auth.TokenVerdict.Verified;

/// A token and who it stands for.
record Credential(String token, Verified verified) {
    Credential {
        requireNonNull(token, "token is null");
        requireNonNull(verified, "verified is null");
    }

    /// Without the token, which must not reach a log.
    @Override
    public String toString() {
        return "Credential[" + verified + "]";
    }
}
