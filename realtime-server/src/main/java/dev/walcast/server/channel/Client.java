package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

/// What a socket was opened with.
///
/// @param token   the token of joins that bring none
/// @param headers a JSON object for policies
record Client(String token, String headers) {
    Client {
        requireNonNull(token, "token is null");
        requireNonNull(headers, "headers is null");
    }

    /// Without the token: whoever reads it can use it.
    @Override
    public String toString() {
        return "Client[]";
    }
}
