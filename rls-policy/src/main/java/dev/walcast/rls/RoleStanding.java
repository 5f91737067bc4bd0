package dev.walcast.rls;

/// Whether rows may be delivered to a role at all, whatever it was granted.
public enum RoleStanding {
    USABLE,

    /// There is no such role.
    UNKNOWN,

    /// The role that evaluates policies was not granted this role, so Postgres would refuse `SET ROLE`.
    NOT_GRANTED,

    /// No right binds it; a token must not name it. Takes precedence over [#NOT_GRANTED].
    SUPERUSER
}
