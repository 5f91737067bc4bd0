package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

/// The session in which Postgres evaluates for a client: a role, and the settings that its fresh sessions have.
///
/// @param role empty for a login without rights, which no client's filter may have
public record RoleSession(String role, SessionSettings settings) {
    /// A login without rights, with the settings under which values are rendered.
    public static final RoleSession NO_ROLE = new RoleSession("", SessionSettings.NONE);

    public RoleSession {
        requireNonNull(role, "role is null");
        requireNonNull(settings, "settings is null");
    }
}
