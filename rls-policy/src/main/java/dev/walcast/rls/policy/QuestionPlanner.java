package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Plans the questions about policies that Postgres must answer.
final class QuestionPlanner {
    private static final long FIRST_USER_OID = 16_384;

    private final PolicySet policies;
    private final ClaimsOnlyProof claimsOnly;
    private final PolicyColumns columns;
    private final SearchPathDependence plannedByPath;
    private final boolean hasPath;

    /// @param hasPath whether the settings of the role set a `search_path`
    QuestionPlanner(PolicySet policies, ClaimsOnlyProof claimsOnly, PolicyColumns columns, boolean hasPath) {
        this.policies = requireNonNull(policies, "policies is null");
        this.claimsOnly = requireNonNull(claimsOnly, "claimsOnly is null");
        this.columns = requireNonNull(columns, "columns is null");
        this.plannedByPath = new SearchPathDependence(policies, claimsOnly);
        this.hasPath = hasPath;
    }

    /// Plans a question about one expression. Postgres can answer it for several viewers at once when the
    /// expression depends on them only through calls that are proven to depend on the viewer only.
    Plan ask(NodeTree node, String sql) {
        if (isPlannedByPath(node)) {
            return askWhole();
        }
        List<String> calls = new ArrayList<>();
        // An opaque tree may depend on the viewer in any way.
        boolean[] needsClaims = {node.isOpaque()};
        node.forEachFunction(oid -> needsClaims[0] |= !addIfCommon(oid, calls));
        node.forEach(part -> {
            needsClaims[0] |= policies.separate().contains(part.number("relid"));
            needsClaims[0] |= part.name().equals("COERCEVIAIO") && part.number("resulttype") >= FIRST_USER_OID;
            // A domain's CHECK may call any function.
            needsClaims[0] |= part.name().equals("COERCETODOMAIN");
        });
        // So may the CHECK of a column's domain, when Postgres reads the row.
        needsClaims[0] |= columns.haveDomains();
        return new Plan.Ask(
                sql, columns.readBy(node), calls.stream().distinct().toList(), needsClaims[0], isToReplan(node), null);
    }

    /// Plans one question about several parts, in which functions may read what earlier ones set.
    ///
    /// @param nodes the parts
    /// @param sql   the printed text of all parts together
    Plan askTogether(Collection<NodeTree> nodes, String sql) {
        if (nodes.stream().anyMatch(this::isPlannedByPath)) {
            return askWhole();
        }
        Set<ResolvedColumn> read = new LinkedHashSet<>();
        nodes.forEach(node -> read.addAll(columns.readBy(node)));
        return new Plan.Ask(sql, read, List.of(), true, true, null);
    }

    /// Whether Postgres needs the role's `search_path` to plan the expression. The path is then set.
    boolean isPlannedByPath(NodeTree node) {
        return hasPath && plannedByPath.test(node);
    }

    /// Plans a question about all policies in place of a part, because Postgres cannot print a part by itself.
    /// Between AND and OR, the result is the same: the whole is monotonic in its parts.
    Plan askWhole() {
        BoundPolicies whole = BoundPolicies.of(policies.policies());
        Set<ResolvedColumn> read = new LinkedHashSet<>();
        policies.policies().forEach(policy -> read.addAll(columns.readBy(policy.tree())));
        boolean replan = policies.policies().stream().anyMatch(policy -> isToReplan(policy.tree()));
        return new Plan.Ask(whole.sql(), read, List.of(), true, replan, whole);
    }

    private boolean isToReplan(NodeTree tree) {
        boolean[] replan = {tree.isOpaque()};
        tree.forEachFunction(oid -> replan[0] |= claimsToBeImmutable(oid));
        return replan[0];
    }

    /// Whether a user's function is declared immutable.
    private boolean claimsToBeImmutable(long oid) {
        PolicySet.Function function =
                oid < FIRST_USER_OID ? null : policies.functions().get(oid);
        return function != null && function.volatility() == 'i';
    }

    /// Whether the result of a function is the same for all viewers, once the values of the calls are known. Adds
    /// the call to the calls when it depends on the viewer only.
    private boolean addIfCommon(long oid, List<String> calls) {
        PolicySet.Function function = policies.functions().get(oid);
        if (function == null) {
            return false;
        }
        if (oid < FIRST_USER_OID) {
            boolean setting = function.name().endsWith(".current_setting");
            return function.volatility() != 'v' && !setting;
        }
        if (function.arguments() == 0 && claimsOnly.isProvenFunction(oid)) {
            calls.add(function.name() + "()");
            return true;
        }
        return false;
    }
}
