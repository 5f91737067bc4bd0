package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.auth.TokenVerifier;

/// What every session shares.
public record SessionServices(Hub hub, ChangeFeed changes, TokenVerifier tokens, Timers timers, SessionLimits limits) {
    public SessionServices {
        requireNonNull(hub, "hub is null");
        requireNonNull(changes, "changes is null");
        requireNonNull(tokens, "tokens is null");
        requireNonNull(timers, "timers is null");
        requireNonNull(limits, "limits is null");
    }
}
