package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RowTest;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.ComparableTypes;
import dev.walcast.filters.values.Comparison;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.policy.PolicySet.Operator;
import dev.walcast.rls.policy.PolicySet.Policy;
import dev.walcast.rls.session.SettingsReader;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.sql.SqlText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Makes plans of policies. The tree says what an expression means, its text is what Postgres can be asked; the two
/// are walked together, and where they do not match, or the tree is not understood, the whole piece is left to
/// Postgres.
public final class PolicyPlanner {
    private static final long FIRST_USER_OID = 16_384;
    private static final long TEXT = 25;
    private static final long ANY_ENUM = 3500;
    private static final long DEFAULT_COLLATION = 100;
    private static final Set<Long> INTEGERS = Set.of(20L, 21L, 23L);
    private static final Set<Long> TEXTS = Set.of(19L, 25L, 1043L);

    /// Types whose cast to text gives their output text under any setting.
    private static final Set<String> TEXT_IS_OUTPUT = Set.of("uuid", "int2", "int4", "int8");

    private final PolicySet policies;
    private final TableAccess access;
    private final ClaimsOnlyProof claimsOnly;
    private final SearchPathDependence plannedByPath;
    private final boolean hasPath;
    private final boolean isRowSecurityOff;
    private final Map<Long, ColumnAccess> columns = new HashMap<>();

    /// @param access of the role and the table that the policies bind
    public PolicyPlanner(PolicySet policies, TableAccess access) {
        this.policies = requireNonNull(policies, "policies is null");
        this.access = requireNonNull(access, "access is null");
        this.claimsOnly = new ClaimsOnlyProof(policies.functions(), access.settings());
        this.plannedByPath = new SearchPathDependence(policies, claimsOnly);
        this.hasPath = access.settings().get(SettingsSql.SEARCH_PATH) != null;
        String rowSecurity = access.settings().get("row_security");
        this.isRowSecurityOff = rowSecurity != null && !SettingsReader.isOn(rowSecurity);
        access.columns().forEach(column -> columns.put((long) column.number(), column));
    }

    /// Visible is what any permissive policy shows and no restrictive one hides; without a permissive one,
    /// nothing. With `row_security` off, Postgres refuses every query that policies would bind. In the order in
    /// which Postgres comes to them, which decides whether an error is met: first the restrictive ones by name,
    /// then the permissive ones by name backwards.
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

    /// A part of a conjunction or disjunction, in the order in which Postgres comes to it.
    private record Part(List<NodeTree> nodes, String sql, Plan plan) {}

    private Part part(NodeTree node, String sql) {
        return new Part(List.of(node), sql, plan(node, sql));
    }

    private static String joined(List<Part> parts, String by) {
        return parts.stream().map(part -> "(" + part.sql + ")").collect(Collectors.joining(by));
    }

    /// What functions of one part set, later parts may read, as settings: from such a part on, Postgres is asked
    /// all of it in one.
    private List<Plan> keepingState(List<Part> parts, String by) {
        List<Plan> plans = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            List<Part> rest = parts.subList(i, parts.size());
            boolean read = rest.stream().skip(1).anyMatch(part -> !(part.plan instanceof Plan.Fixed));
            if (read && parts.get(i).nodes.stream().anyMatch(this::mayHoldState)) {
                plans.add(askAsOne(rest, by));
                return plans;
            }
            plans.add(parts.get(i).plan);
        }
        return plans;
    }

    private Plan askAsOne(List<Part> parts, String by) {
        if (parts.stream().anyMatch(part -> part.nodes.stream().anyMatch(this::isPlannedByPath))) {
            return askWhole();
        }
        Set<ResolvedColumn> read = new LinkedHashSet<>();
        parts.forEach(part -> part.nodes.forEach(node -> read.addAll(columnsRead(node))));
        return new Plan.Ask(joined(parts, by), read, List.of(), true, true, null);
    }

    private boolean isPlannedByPath(NodeTree node) {
        return hasPath && plannedByPath.test(node);
    }

    /// All policies in place of a part: Postgres prints no part alone. With AND and OR around it, in which the whole
    /// rises and falls with the part, the result is the same.
    private Plan askWhole() {
        BoundPolicies whole = BoundPolicies.of(policies.policies());
        Set<ResolvedColumn> read = new LinkedHashSet<>();
        policies.policies().forEach(policy -> read.addAll(columnsRead(policy.tree())));
        boolean replan = policies.policies().stream().anyMatch(policy -> isToReplan(policy.tree()));
        return new Plan.Ask(whole.sql(), read, List.of(), true, replan, whole);
    }

    private boolean isToReplan(NodeTree tree) {
        boolean[] replan = {tree.isOpaque()};
        tree.forEachFunction(oid -> replan[0] |= claimsToBeImmutable(oid));
        return replan[0];
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
        Plan plan = switch (node.name()) {
            case "BOOLEXPR" -> boolExpression(node, sql);
            case "OPEXPR" -> comparison(node, sql);
            case "SCALARARRAYOPEXPR" -> oneOf(node, sql);
            case "NULLTEST" -> nullTest(node);
            case "BOOLEANTEST" -> booleanTest(node);
            case "VAR" -> flag(node);
            default -> null;
        };
        return plan == null ? ask(node, sql) : plan;
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
            if (isPlannedByPath(node)) {
                return askWhole();
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

    /// A column as an operand: how its text stands in the expression, and how it compares there.
    ///
    /// @param typeOid the type that the operator sees
    private record Operand(
            ColumnAccess column,
            ResolvedColumn place,
            String sql,
            long typeOid,
            @Nullable ComparableType kind) {}

    private @Nullable Operand operand(NodeTree node, long collation) {
        NodeTree inner = node;
        boolean relabeled = node.name().equals("RELABELTYPE");
        boolean throughText = node.name().equals("COERCEVIAIO");
        if (relabeled || throughText) {
            inner = node.node("arg");
        }
        ColumnAccess column = inner == null ? null : column(inner);
        if (inner == null || column == null) {
            return null;
        }
        ColumnType type = column.type();
        String name = quoted(column.name());
        if (throughText) {
            boolean plain = node.number("resulttype") == TEXT
                    && collation == DEFAULT_COLLATION
                    && TEXT_IS_OUTPUT.contains(type.base())
                    && type.baseOid() < FIRST_USER_OID
                    && !type.isDomain();
            return plain
                    ? new Operand(column, place(column), "(" + name + ")::text", TEXT, ComparableTypes.plainText())
                    : null;
        }
        if (relabeled) {
            boolean text = type.base().equals("varchar") && node.number("resulttype") == TEXT && !type.isDomain();
            return text
                    ? new Operand(column, place(column), "(" + name + ")::text", TEXT, kind(type, inner, collation))
                    : null;
        }
        return type.isDomain()
                ? null
                : new Operand(column, place(column), name, type.oid(), kind(type, inner, collation));
    }

    /// The column's own kind, where the comparison goes by the column's own collation.
    private static @Nullable ComparableType kind(ColumnType type, NodeTree variable, long collation) {
        return variable.number("varcollid") == collation ? ComparableTypes.of(type) : null;
    }

    private @Nullable ColumnAccess column(NodeTree node) {
        return node.name().equals("VAR") && node.number("varno") == 1 && node.number("varlevelsup") == 0
                ? columns.get(node.number("varattno"))
                : null;
    }

    /// As Postgres prints an identifier that needs no quotes; any other does not match and is left to Postgres.
    private static String quoted(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : SqlText.identifier(name);
    }

    private @Nullable Plan comparison(NodeTree node, String sql) {
        Operator operator = policies.operators().get(node.number("opno"));
        List<NodeTree> arguments = node.nodes("args");
        if (operator == null || node.number("opno") >= FIRST_USER_OID || arguments.size() != 2) {
            return null;
        }
        Comparison comparison = Comparison.of(operator.name());
        long collation = Math.max(node.number("inputcollid"), 0);
        Operand left = operand(arguments.getFirst(), collation);
        Operand right = operand(arguments.getLast(), collation);
        if (comparison == null) {
            return null;
        }
        if (left != null && right != null) {
            return columns(operator, comparison, left, right, sql);
        }
        Operand column = left != null ? left : right;
        NodeTree value = left != null ? arguments.getLast() : arguments.getFirst();
        if (column == null || !compares(operator, column) || !claimsOnly.isProven(value)) {
            return null;
        }
        Comparison seen = left != null ? comparison : comparison.mirrored();
        if (column.kind == null || (seen.needsOrder() && !column.kind.isOrdered())) {
            return null;
        }
        String inner = SqlText.withoutParentheses(sql);
        String symbol = " " + operator.name() + " ";
        String expression = left != null ? after(inner, column.sql + symbol) : before(inner, symbol + column.sql);
        return expression == null ? null : new Plan.Compare(column.place(), seen, column.kind, expression, inner);
    }

    private static @Nullable String after(String text, String prefix) {
        return text.startsWith(prefix) ? text.substring(prefix.length()) : null;
    }

    private static @Nullable String before(String text, String suffix) {
        return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : null;
    }

    private static @Nullable Plan columns(
            Operator operator, Comparison comparison, Operand left, Operand right, String sql) {
        boolean same = left.kind != null
                && left.kind.isTotal()
                && right.kind != null
                && left.column.type().oid() == right.column.type().oid()
                && left.sql.equals(quoted(left.column.name()))
                && compares(operator, left)
                && compares(operator, right)
                && (!comparison.needsOrder() || left.kind.isOrdered());
        return same
                ? new Plan.Fixed(term(
                        left.column.name(),
                        sql,
                        new RowTest.CompareColumns(left.place(), comparison, right.place(), requireNonNull(left.kind))))
                : null;
    }

    /// Whether the operator compares values of the operand's type as that type does.
    private static boolean compares(Operator operator, Operand operand) {
        Set<Long> sides = Set.copyOf(List.of(operator.left(), operator.right()));
        if (sides.equals(Set.of(operand.typeOid))
                || (INTEGERS.containsAll(sides) && INTEGERS.contains(operand.typeOid))) {
            return true;
        }
        if (TEXTS.containsAll(sides) && TEXTS.contains(operand.typeOid)) {
            return true;
        }
        return sides.equals(Set.of(ANY_ENUM)) && !operand.column.type().labels().isEmpty();
    }

    private @Nullable Plan oneOf(NodeTree node, String sql) {
        Operator operator = policies.operators().get(node.number("opno"));
        List<NodeTree> arguments = node.nodes("args");
        if (operator == null
                || node.number("opno") >= FIRST_USER_OID
                || !operator.name().equals("=")
                || !node.text("useOr").equals("true")
                || arguments.size() != 2) {
            return null;
        }
        Operand column = operand(arguments.getFirst(), Math.max(node.number("inputcollid"), 0));
        if (column == null
                || column.kind == null
                || !compares(operator, column)
                || !claimsOnly.isProven(arguments.getLast())) {
            return null;
        }
        String inner = SqlText.withoutParentheses(sql);
        String array = after(inner, column.sql + " = ANY (");
        return array == null || !array.endsWith(")")
                ? null
                : new Plan.OneOf(column.place(), column.kind, array.substring(0, array.length() - 1), inner);
    }

    private @Nullable Plan nullTest(NodeTree node) {
        NodeTree argument = node.node("arg");
        ColumnAccess column = argument == null ? null : column(argument);
        if (column == null || !node.text("argisrow").equals("false")) {
            return null;
        }
        Predicate isNull = term(column.name(), "is null", new RowTest.NullTest(place(column)));
        return new Plan.Fixed(node.number("nulltesttype") == 0 ? isNull : Predicate.not(isNull));
    }

    private @Nullable Plan booleanTest(NodeTree node) {
        NodeTree argument = node.node("arg");
        ColumnAccess column = argument == null ? null : column(argument);
        long test = node.number("booltesttype");
        if (column == null || !column.type().sql().equals("pg_catalog.bool") || test < 0 || test > 5) {
            return null;
        }
        // IS TRUE, IS NOT TRUE, IS FALSE, IS NOT FALSE, IS UNKNOWN, IS NOT UNKNOWN
        Truth wanted = List.of(Truth.TRUE, Truth.FALSE, Truth.UNKNOWN).get((int) test / 2);
        Predicate is = term(column.name(), "is " + wanted, new RowTest.BooleanTest(place(column), wanted));
        return new Plan.Fixed(test % 2 == 0 ? is : Predicate.not(is));
    }

    /// A boolean column by itself.
    private @Nullable Plan flag(NodeTree node) {
        ColumnAccess column = column(node);
        if (column == null || !column.type().sql().equals("pg_catalog.bool")) {
            return null;
        }
        ComparableType kind = requireNonNull(ComparableTypes.of(column.type()));
        return new Plan.Fixed(
                term(column.name(), "= true", new RowTest.Compare(place(column), Comparison.EQUAL, kind, true)));
    }

    private ResolvedColumn place(ColumnAccess column) {
        return new ResolvedColumn(column.name(), column.type().baseOid(), column.number(), access.carries(column));
    }

    static Predicate term(String column, String sql, RowTest test) {
        return new Predicate.Term(new ColumnQuestion(column, sql, null), test);
    }

    /// What is not understood. Postgres can answer for several viewers at once when the expression depends on
    /// them only through calls that are proven to depend on the claims alone.
    private Plan ask(NodeTree node, String sql) {
        if (isPlannedByPath(node)) {
            return askWhole();
        }
        List<String> calls = new ArrayList<>();
        // Of an opaque tree nothing is known, so nothing is taken to be common to viewers.
        boolean[] needsClaims = {node.isOpaque()};
        node.forEachFunction(oid -> needsClaims[0] |= !isCommon(oid, calls));
        node.forEach(part -> {
            needsClaims[0] |= policies.separate().contains(part.number("relid"));
            needsClaims[0] |= part.name().equals("COERCEVIAIO") && part.number("resulttype") >= FIRST_USER_OID;
            // A domain's CHECK may call any function.
            needsClaims[0] |= part.name().equals("COERCETODOMAIN");
        });
        // So may the CHECK of a column's domain, when the row is read.
        needsClaims[0] |= columns.values().stream().anyMatch(PolicyPlanner::isOfDomain);
        return new Plan.Ask(
                sql, columnsRead(node), calls.stream().distinct().toList(), needsClaims[0], isToReplan(node), null);
    }

    private static boolean isOfDomain(ColumnAccess column) {
        ColumnType element = column.type().element();
        return column.type().isDomain() || (element != null && element.isDomain());
    }

    /// Of a function of the project's.
    private boolean claimsToBeImmutable(long oid) {
        PolicySet.Function function =
                oid < FIRST_USER_OID ? null : policies.functions().get(oid);
        return function != null && function.volatility() == 'i';
    }

    /// Whether a function's value is the same for all viewers, or depends on them in a way that is then among the
    /// calls.
    private boolean isCommon(long oid, List<String> calls) {
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

    /// The columns of the policy's own table: variables that look up as many levels as there are queries around
    /// them.
    private Set<ResolvedColumn> columnsRead(NodeTree node) {
        Set<ResolvedColumn> places = new LinkedHashSet<>();
        if (node.isOpaque()) {
            columns.values().forEach(each -> places.add(place(each)));
        }
        node.walk(0, (part, depth) -> {
            if (part.name().equals("VAR") && part.number("varlevelsup") == depth && part.number("varno") == 1) {
                addColumn(part, places);
            }
            return part.name().equals("QUERY") ? depth + 1 : depth;
        });
        return places;
    }

    private void addColumn(NodeTree variable, Set<ResolvedColumn> places) {
        ColumnAccess column = columns.get(variable.number("varattno"));
        if (column != null) {
            places.add(place(column));
            return;
        }
        // The whole row; of a system column there is no image, and none of that name ever is in a row.
        columns.values().forEach(each -> places.add(place(each)));
        if (variable.number("varattno") < 0) {
            places.add(new ResolvedColumn("system column " + variable.text("varattno"), 0));
        }
    }
}
