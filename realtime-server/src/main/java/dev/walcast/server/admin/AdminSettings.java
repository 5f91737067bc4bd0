package dev.walcast.server.admin;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.log.Secret;

/// Where the admin port listens and who may use it.
///
/// @param host  the address to listen on
/// @param port  0 picks a free one
/// @param token what each request must bring
public record AdminSettings(String host, int port, Secret token) {
    /// A shorter token can be guessed.
    public static final int TOKEN_LENGTH_MIN = 8;

    public AdminSettings {
        requireNonNull(host, "host is null");
        requireNonNull(token, "token is null");
        if (token.reveal().length() < TOKEN_LENGTH_MIN) {
            throw new IllegalArgumentException("the token is too short");
        }
    }
}
