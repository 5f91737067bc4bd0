package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

/// The identity for which the server decides visibility: a Postgres role, and the claims that policies read.
///
/// @param role   as the token spells it; the role may not exist
/// @param claims the token's whole claims object as JSON text, as policies read it in `request.jwt.claims`
public record Viewer(String role, String claims) {
    public Viewer {
        requireNonNull(role, "role is null");
        requireNonNull(claims, "claims is null");
    }

    /// Omits the claims, because logs must not contain personal data.
    @Override
    public String toString() {
        return "Viewer[role=" + role + "]";
    }
}
