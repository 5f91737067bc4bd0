package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.TableAccess;
import dev.walcast.rls.policy.PolicySet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one role may do with one table, and the policies that bind it. Equal rights decide equally, as far as the
/// catalog can tell.
public final class TableRights {
    private final TableAccess access;
    private final PolicySet policies;

    /// Rights of a role that these policies bind.
    public TableRights(TableAccess access, PolicySet policies) {
        this.access = requireNonNull(access, "access is null");
        this.policies = requireNonNull(policies, "policies is null");
    }

    /// The rights of a role that no policies bind.
    public static TableRights withoutPolicies(TableAccess access) {
        return new TableRights(access, new PolicySet(List.of(), Map.of(), Map.of(), Set.of()));
    }

    public TableAccess access() {
        return access;
    }

    /// Empty where row-level security does not bind the role.
    public PolicySet policies() {
        return policies;
    }

    /// Whether row-level security binds the role and no policy shows it a row, whatever the row and the viewer.
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
