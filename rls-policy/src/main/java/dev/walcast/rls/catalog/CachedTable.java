package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TablePublication;
import dev.walcast.rls.catalog.CatalogObjects.Mentioned;
import dev.walcast.rls.policy.ClaimsOnlyProof;
import dev.walcast.rls.policy.NodeTree;
import dev.walcast.rls.policy.PolicySet;
import dev.walcast.rls.policy.PolicySet.Function;
import dev.walcast.rls.policy.PolicySet.Operator;
import dev.walcast.rls.policy.PolicySet.Policy;
import dev.walcast.rls.policy.StoredPolicy;
import dev.walcast.rls.rights.TableRights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Everything that decides about one table, for any role, as one state of the catalog has it.
///
/// @param mentioned   the objects that its rights depend on
/// @param objects     these objects, as the catalog has them
/// @param functions   the functions that its policies call, directly or through other functions
/// @param expressions the printed policies, by oid
record CachedTable(
        TableVersion version,
        TableFacts facts,
        List<StoredPolicy> policies,
        Mentioned mentioned,
        Set<CatalogObject> objects,
        Map<Long, Function> functions,
        Map<Long, Operator> operators,
        Map<Long, Printed> expressions) {
    CachedTable {
        requireNonNull(version, "version is null");
        requireNonNull(facts, "facts is null");
        policies = List.copyOf(policies);
        requireNonNull(mentioned, "mentioned is null");
        objects = Set.copyOf(objects);
        functions = Map.copyOf(functions);
        operators = Map.copyOf(operators);
        expressions = Map.copyOf(expressions);
    }

    /// An expression as Postgres printed it.
    ///
    /// @param names the names of other objects on which the text depends
    record Printed(NodeTree tree, Set<String> names, String expression) {}

    /// Returns the names of objects on which the printed text of a policy depends.
    Set<String> names(StoredPolicy policy) {
        Set<Long> oids = TreeReferences.names(policy.tree());
        oids.add(facts.oid());
        Set<String> names = new HashSet<>();
        for (CatalogObject object : objects) {
            if (oids.contains(object.oid())) {
                names.add(object.kind() + " " + object.oid() + " " + object.names());
            }
        }
        return names;
    }

    /// Returns the texts of the earlier state that Postgres would print the same way now.
    Map<Long, Printed> stillPrinted(@Nullable CachedTable before) {
        Map<Long, Printed> still = new HashMap<>();
        if (before != null) {
            for (StoredPolicy policy : policies) {
                Printed printed = before.expressions.get(policy.oid());
                if (printed != null && printed.tree.equals(policy.tree()) && printed.names.equals(names(policy))) {
                    still.put(policy.oid(), printed);
                }
            }
        }
        return still;
    }

    /// Returns this table with these printed policies.
    CachedTable withExpressions(Map<Long, Printed> printed) {
        return new CachedTable(version, facts, policies, mentioned, objects, functions, operators, printed);
    }

    /// Returns the policies that are not printed yet.
    List<StoredPolicy> unprinted() {
        return policies.stream()
                .filter(policy -> !expressions.containsKey(policy.oid()))
                .toList();
    }

    /// Returns the rights of one role. All policies must be printed.
    TableRights rights(RoleFacts role, @Nullable TablePublication publishing) {
        TableAccess access = facts.access(role, publishing);
        return new TableRights(access, access.rowSecurity() ? policies(role) : PolicySet.NONE);
    }

    private PolicySet policies(RoleFacts role) {
        List<Policy> binding = new ArrayList<>();
        for (StoredPolicy policy : policies) {
            if (role.isAmong(policy.roles())) {
                Printed printed = requireNonNull(expressions.get(policy.oid()));
                binding.add(new Policy(
                        policy.oid(), policy.name(), policy.permissive(), printed.expression, policy.tree()));
            }
        }
        List<NodeTree> trees = binding.stream().map(Policy::tree).toList();
        Map<Long, Operator> mentionedOperators = new HashMap<>(operators);
        mentionedOperators.keySet().retainAll(TreeReferences.operators(trees));
        return new PolicySet(binding, functions(trees), mentionedOperators, separate(trees, role));
    }

    /// Returns the functions that the expressions call, directly or through other functions.
    private Map<Long, Function> functions(List<NodeTree> trees) {
        Map<Long, Function> found = new HashMap<>();
        Set<Long> oids = TreeReferences.functions(trees);
        for (int depth = 0; depth < FunctionBodies.CALLS_MAX && !oids.isEmpty(); depth++) {
            Set<Long> next = new HashSet<>();
            for (long oid : oids) {
                Function function = functions.get(oid);
                if (function != null && found.put(oid, function) == null) {
                    next.addAll(mentions(function));
                }
            }
            oids = next;
        }
        return found;
    }

    private Set<Long> mentions(Function function) {
        Set<Long> oids = new HashSet<>();
        if (function.tree() != null) {
            oids.addAll(TreeReferences.functions(List.of(function.tree())));
        }
        Set<String> names = ClaimsOnlyProof.qualifiedCalls(function);
        if (!names.isEmpty()) {
            functions.values().stream()
                    .filter(other -> names.contains(other.name()))
                    .forEach(other -> oids.add(other.oid()));
        }
        return oids;
    }

    private Set<Long> separate(List<NodeTree> trees, RoleFacts role) {
        Set<Long> separate = TreeReferences.relations(trees);
        if (!separate.isEmpty()) {
            objects.stream()
                    .filter(object -> object.looksTheSameToAll(role))
                    .forEach(object -> separate.remove(object.oid()));
        }
        return separate.isEmpty() ? Collections.emptySet() : separate;
    }
}
