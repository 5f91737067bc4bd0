package dev.walcast.rls;

/// Whether the server may act as a role. Grants on tables do not matter here.
public enum RoleStanding {
    /// The server may deliver rows to the role.
    USABLE,

    /// The role does not exist.
    UNKNOWN,

    /// The role that evaluates policies was not granted this role. Postgres would refuse `SET ROLE`.
    NOT_GRANTED,

    /// The role is a superuser, to which no rights apply. A token must not name it. Takes precedence over
    /// [#NOT_GRANTED].
    SUPERUSER
}
