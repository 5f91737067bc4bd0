package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.policy.PolicySet.Function;
import java.util.HashSet;
import java.util.Set;

/// Tells whether Postgres needs the role's `search_path` to plan an expression, and not only to execute it. That is
/// so when Postgres replaces a call by the body of the function, which it then parses. An unknown function counts as
/// such.
final class SearchPathDependence {
    private static final long FIRST_USER_OID = 16_384;

    private final PolicySet policies;
    private final ClaimsOnlyProof claimsOnly;

    SearchPathDependence(PolicySet policies, ClaimsOnlyProof claimsOnly) {
        this.policies = requireNonNull(policies, "policies is null");
        this.claimsOnly = requireNonNull(claimsOnly, "claimsOnly is null");
    }

    /// Whether Postgres needs the path to plan the expression.
    boolean test(NodeTree expression) {
        return test(expression, new HashSet<>());
    }

    private boolean test(NodeTree expression, Set<Long> callers) {
        boolean[] found = {expression.isOpaque()};
        expression.forEach(node -> {
            // The policies of another table and the bodies of views are planned together with what reads them.
            found[0] = found[0] || node.isOpaque() || policies.separate().contains(node.number("relid"));
            // So are the conditions of a domain.
            found[0] = found[0] || node.name().equals("COERCETODOMAIN");
        });
        expression.forEachFunction(oid -> found[0] = found[0] || isInlined(oid, callers));
        return found[0];
    }

    private boolean isInlined(long oid, Set<Long> callers) {
        if (oid < FIRST_USER_OID || !callers.add(oid)) {
            return false;
        }
        Function function = policies.functions().get(oid);
        if (function == null) {
            return true;
        }
        if (!function.isInlined() || claimsOnly.isProvenFunction(oid)) {
            return false;
        }
        return function.tree() == null || test(function.tree(), callers);
    }
}
