package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.SessionSettings;
import java.util.Collections;
import java.util.Set;

/// Describes one role as the catalog had it at one moment.
///
/// @param oid         0 when the role does not exist
/// @param mayBecome   whether the role that evaluates policies may `SET ROLE` to it
/// @param privileges  oids of the roles whose privileges it has, its own included
/// @param settings    the settings with which its new sessions begin
public record RoleFacts(
        String name,
        long oid,
        boolean superuser,
        boolean bypassesRowSecurity,
        boolean mayBecome,
        Set<Long> privileges,
        SessionSettings settings) {
    private static final long PUBLIC = 0;
    private static final long READ_ALL_DATA = 6181;
    private static final long WRITE_ALL_DATA = 6182;

    public RoleFacts {
        requireNonNull(name, "name is null");
        privileges = Set.copyOf(privileges);
        requireNonNull(settings, "settings is null");
    }

    /// Returns the facts of a role that does not exist.
    public static RoleFacts unknown(String name) {
        return new RoleFacts(name, 0, false, false, false, Set.of(), SessionSettings.NONE);
    }

    /// Returns the same role with other settings.
    public RoleFacts with(SessionSettings other) {
        return new RoleFacts(name, oid, superuser, bypassesRowSecurity, mayBecome, privileges, other);
    }

    /// Whether the role exists.
    public boolean exists() {
        return oid != 0;
    }

    /// Returns whether the server may act as the role, and if not, why.
    public RoleStanding standing() {
        if (!exists()) {
            return RoleStanding.UNKNOWN;
        }
        if (superuser) {
            return RoleStanding.SUPERUSER;
        }
        return mayBecome ? RoleStanding.USABLE : RoleStanding.NOT_GRANTED;
    }

    /// Whether the role has the privileges of another, as `pg_has_role(…, 'USAGE')` decides.
    boolean hasPrivilegesOf(long role) {
        return superuser || privileges.contains(role);
    }

    /// Whether the role has a privilege that was granted to these roles. PUBLIC is 0.
    public boolean isAmong(Set<Long> grantees) {
        return exists() && (superuser || grantees.contains(PUBLIC) || !Collections.disjoint(grantees, privileges));
    }

    /// Whether it has the privileges of `pg_read_all_data`.
    public boolean readsAllTables() {
        return hasPrivilegesOf(READ_ALL_DATA);
    }

    /// Whether it may use every schema, as `pg_read_all_data` and `pg_write_all_data` may.
    public boolean usesAllSchemas() {
        return hasPrivilegesOf(READ_ALL_DATA) || hasPrivilegesOf(WRITE_ALL_DATA);
    }

    /// Whether row-level security applies to the role on a table, as Postgres' `check_enable_rls` decides.
    public boolean isBoundByRowSecurity(boolean enabled, boolean forced, long owner) {
        return enabled && !(exists() && (superuser || bypassesRowSecurity || (!forced && hasPrivilegesOf(owner))));
    }
}
