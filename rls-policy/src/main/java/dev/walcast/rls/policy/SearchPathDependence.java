package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.policy.PolicySet.Function;
import java.util.HashSet;
import java.util.Set;

/// Tells of an expression whether Postgres needs the `search_path` of the role to plan it, and not only to execute it:
/// it then replaces a call by the body of the function, which it parses. What is not known counts as such.
final class SearchPathDependence {
    private static final long FIRST_USER_OID = 16_384;

    private final PolicySet policies;
    private final ClaimsOnlyProof claimsOnly;

    SearchPathDependence(PolicySet policies, ClaimsOnlyProof claimsOnly) {
        this.policies = requireNonNull(policies, "policies is null");
        this.claimsOnly = requireNonNull(claimsOnly, "claimsOnly is null");
    }

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
