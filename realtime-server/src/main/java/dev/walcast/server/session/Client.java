package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;

/// What a socket was opened with.
///
/// @param token   the token of joins that bring none
/// @param viewer  that the token stands for
/// @param headers a JSON object for policies
/// @param address that the connection comes from
record Client(String token, Viewer viewer, String headers, String address) {
    Client {
        requireNonNull(token, "token is null");
        requireNonNull(viewer, "viewer is null");
        requireNonNull(headers, "headers is null");
        requireNonNull(address, "address is null");
    }

    /// Without the token, which must not reach a log.
    @Override
    public String toString() {
        return "Client[]";
    }
}
