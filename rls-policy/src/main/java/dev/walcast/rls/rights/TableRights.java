package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.TableAccess;
import dev.walcast.rls.policy.PolicySet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Describes what one role may do with one table, and the policies that apply to it. Equal rights decide equally, as
/// far as the catalog shows.
public final class TableRights {
    private final TableAccess access;
    private final PolicySet policies;

    /// Makes the rights of a role to which these policies apply.
    public TableRights(TableAccess access, PolicySet policies) {
        this.access = requireNonNull(access, "access is null");
        this.policies = requireNonNull(policies, "policies is null");
    }

    /// Makes the rights of a role without policies.
    public static TableRights withoutPolicies(TableAccess access) {
        return new TableRights(access, new PolicySet(List.of(), Map.of(), Map.of(), Set.of()));
    }

    /// Returns what the role may do with the table.
    public TableAccess access() {
        return access;
    }

    /// Returns the policies; empty where row-level security does not apply.
    public PolicySet policies() {
        return policies;
    }

    /// Whether row-level security applies and no policy can show a row, for any row and viewer.
    public boolean showsNothing() {
        return access.rowSecurity() && policies.policies().stream().noneMatch(PolicySet.Policy::permissive);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TableRights that && access.equals(that.access) && policies.equals(that.policies);
    }

    @Override
    public int hashCode() {
        return access.hashCode();
    }
}
