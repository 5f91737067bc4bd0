package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

/// The session in which Postgres evaluates for a client: a role, and the settings of a new session of this
/// role.
///
/// @param role empty for a login without rights; no client's filter has it
public record RoleSession(String role, SessionSettings settings) {
    /// A login without rights, with the settings for rendering values.
    public static final RoleSession NO_ROLE = new RoleSession("", SessionSettings.NONE);

    public RoleSession {
        requireNonNull(role, "role is null");
        requireNonNull(settings, "settings is null");
    }
}
