package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import java.util.Set;

/// A policy for SELECT as the catalog stores it.
///
/// @param roles oids of the roles to which it applies; PUBLIC is 0
public record StoredPolicy(long oid, String name, boolean permissive, Set<Long> roles, NodeTree tree) {
    public StoredPolicy {
        requireNonNull(name, "name is null");
        requireNonNull(tree, "tree is null");
        roles = Set.copyOf(roles);
    }
}
