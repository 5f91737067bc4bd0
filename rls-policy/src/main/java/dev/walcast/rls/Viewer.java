package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

/// The identity under which visibility is decided: a Postgres role and the claims that policies read.
///
/// @param role   as the token spells it; whether such a role exists is for Postgres to say
/// @param claims the token's whole claims object as JSON text, as `request.jwt.claims` will hold it
public record Viewer(String role, String claims) {
    public Viewer {
        requireNonNull(role, "role is null");
        requireNonNull(claims, "claims is null");
    }

    /// Without the claims: they may hold personal data, and this ends up in logs.
    @Override
    public String toString() {
        return "Viewer[role=" + role + "]";
    }
}
