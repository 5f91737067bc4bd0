package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.policy.PolicySet.Policy;
import dev.walcast.rls.session.SettingsReader;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.sql.SqlText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Plans how to decide policies. The tree of an expression defines its meaning, and its text is what Postgres can be
/// asked. The planner walks both together. Where they do not match, or it does not know a node, it plans a question to
/// Postgres about that part.
public final class PolicyPlanner {
    private final PolicySet policies;
    private final ClaimsOnlyProof claimsOnly;
    private final MemoryPlanner memory;
    private final QuestionPlanner questions;
    private final boolean isRowSecurityOff;

    /// Makes a planner.
    ///
    /// @param access the access of the role and the table to which the policies apply
    public PolicyPlanner(PolicySet policies, TableAccess access) {
        this.policies = requireNonNull(policies, "policies is null");
        this.claimsOnly = new ClaimsOnlyProof(policies.functions(), access.settings());
        PolicyColumns columns = new PolicyColumns(access);
        this.memory = new MemoryPlanner(policies.operators(), claimsOnly, columns);
        boolean hasPath = access.settings().get(SettingsSql.SEARCH_PATH) != null;
        this.questions = new QuestionPlanner(policies, claimsOnly, columns, hasPath);
        String rowSecurity = access.settings().get("row_security");
        this.isRowSecurityOff = rowSecurity != null && !SettingsReader.isOn(rowSecurity);
    }

    /// Returns the plan of all policies. A row is visible when a permissive policy shows it and no restrictive one
    /// hides it; without a permissive policy, no row is visible. With `row_security` off, Postgres refuses every
    /// query to which policies would apply.
    ///
    /// The plan has the order in which Postgres evaluates policies, which decides whether an error occurs:
    /// restrictive policies by name, then permissive policies by name in reverse.
    public Plan plan() {
        if (isRowSecurityOff) {
            return new Plan.Fixed(new Predicate.Constant(Truth.FAILED));
        }
        if (policies.policies().stream().noneMatch(Policy::permissive)) {
            return new Plan.Fixed(Predicate.Constant.NEVER);
        }
        List<Part> permissive = new ArrayList<>();
        List<Part> all = new ArrayList<>();
        for (Policy policy : policies.policies()) {
            Part part = part(policy.tree(), policy.expression());
            if (policy.permissive()) {
                permissive.addFirst(part);
            } else {
                all.add(part);
            }
        }
        all.add(new Part(
                permissive.stream().flatMap(part -> part.nodes.stream()).toList(),
                joined(permissive, " OR "),
                permissive.size() == 1 ? permissive.getFirst().plan : new Plan.Any(keepingState(permissive, " OR "))));
        List<Plan> plans = keepingState(all, " AND ");
        return plans.size() == 1 ? plans.getFirst() : new Plan.All(plans);
    }

    /// A part of a conjunction or disjunction. Parts have the order in which Postgres evaluates them.
    private record Part(List<NodeTree> nodes, String sql, Plan plan) {}

    private Part part(NodeTree node, String sql) {
        return new Part(List.of(node), sql, plan(node, sql));
    }

    private static String joined(List<Part> parts, String by) {
        return parts.stream().map(part -> "(" + part.sql + ")").collect(Collectors.joining(by));
    }

    /// Returns the plans of the parts. A function in one part may set state, such as a setting, that later parts
    /// read. From such a part on, one question asks about all parts together.
    private List<Plan> keepingState(List<Part> parts, String by) {
        List<Plan> plans = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            List<Part> rest = parts.subList(i, parts.size());
            boolean read = rest.stream().skip(1).anyMatch(part -> !(part.plan instanceof Plan.Fixed));
            if (read && parts.get(i).nodes.stream().anyMatch(this::mayHoldState)) {
                plans.add(askTogether(rest, by));
                return plans;
            }
            plans.add(parts.get(i).plan);
        }
        return plans;
    }

    private Plan askTogether(List<Part> parts, String by) {
        List<NodeTree> nodes =
                parts.stream().flatMap(part -> part.nodes.stream()).toList();
        return questions.askTogether(nodes, joined(parts, by));
    }

    private boolean mayHoldState(NodeTree node) {
        boolean[] may = {false};
        node.forEachFunction(oid -> {
            PolicySet.Function function = policies.functions().get(oid);
            may[0] |= function != null && StatefulFunctions.mayHold(function, policies.functions());
        });
        return may[0];
    }

    private Plan plan(NodeTree node, String sql) {
        if (claimsOnly.isProven(node)) {
            return constant(node, sql);
        }
        Plan plan = node.name().equals("BOOLEXPR") ? boolExpression(node, sql) : memory.plan(node, sql);
        return plan == null ? questions.ask(node, sql) : plan;
    }

    private static Plan constant(NodeTree node, String sql) {
        boolean isTrue = node.name().equals("CONST")
                && node.text("constisnull").equals("false")
                && node.text("constvalue").startsWith("1 [ 1 ");
        boolean isFalse = node.name().equals("CONST")
                && node.text("constisnull").equals("false")
                && node.text("constvalue").startsWith("1 [ 0 ");
        return isTrue
                ? new Plan.Fixed(Predicate.Constant.ALWAYS)
                : isFalse ? new Plan.Fixed(Predicate.Constant.NEVER) : new Plan.OfViewer(sql);
    }

    private @Nullable Plan boolExpression(NodeTree node, String sql) {
        String inner = SqlText.withoutParentheses(sql);
        List<NodeTree> arguments = node.nodes("args");
        String operator = node.text("boolop");
        if (operator.equals("not")) {
            if (questions.isPlannedByPath(node)) {
                return questions.askWhole();
            }
            return arguments.size() == 1 && inner.startsWith("NOT ")
                    ? new Plan.Not(plan(arguments.getFirst(), inner.substring("NOT ".length())))
                    : null;
        }
        List<String> texts = SqlText.split(inner, operator.equals("and") ? " AND " : " OR ");
        if (texts.size() != arguments.size()) {
            return null;
        }
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            parts.add(part(arguments.get(i), texts.get(i)));
        }
        return operator.equals("and")
                ? new Plan.All(keepingState(parts, " AND "))
                : new Plan.Any(keepingState(parts, " OR "));
    }
}
