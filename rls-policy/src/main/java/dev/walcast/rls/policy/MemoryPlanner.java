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
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.policy.PolicySet.Operator;
import dev.walcast.rls.sql.SqlText;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Plans the conditions that memory can decide: comparisons and tests of columns, with values that depend on the
/// viewer only.
final class MemoryPlanner {
    private static final long FIRST_USER_OID = 16_384;
    private static final long TEXT = 25;
    private static final long ANY_ENUM = 3500;
    private static final long DEFAULT_COLLATION = 100;
    private static final Set<Long> INTEGERS = Set.of(20L, 21L, 23L);
    private static final Set<Long> TEXTS = Set.of(19L, 25L, 1043L);

    /// Types whose cast to text gives their output text under any setting.
    private static final Set<String> TEXT_IS_OUTPUT = Set.of("uuid", "int2", "int4", "int8");

    private final Map<Long, Operator> operators;
    private final ClaimsOnlyProof claimsOnly;
    private final PolicyColumns columns;

    MemoryPlanner(Map<Long, Operator> operators, ClaimsOnlyProof claimsOnly, PolicyColumns columns) {
        this.operators = requireNonNull(operators, "operators is null");
        this.claimsOnly = requireNonNull(claimsOnly, "claimsOnly is null");
        this.columns = requireNonNull(columns, "columns is null");
    }

    /// Returns the plan of a condition; null when memory cannot decide it.
    ///
    /// @param sql the printed text of the node
    @Nullable
    Plan plan(NodeTree node, String sql) {
        return switch (node.name()) {
            case "OPEXPR" -> comparison(node, sql);
            case "SCALARARRAYOPEXPR" -> oneOf(node, sql);
            case "NULLTEST" -> nullTest(node);
            case "BOOLEANTEST" -> booleanTest(node);
            case "VAR" -> flag(node);
            default -> null;
        };
    }

    /// A column that is an operand.
    ///
    /// @param sql     its text in the expression
    /// @param typeOid the type that the operator gets
    /// @param kind    how the column compares there; null when memory cannot compare it
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
        ColumnAccess column = inner == null ? null : columns.of(inner);
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
                    ? new Operand(
                            column, columns.place(column), "(" + name + ")::text", TEXT, ComparableTypes.plainText())
                    : null;
        }
        if (relabeled) {
            boolean text = type.base().equals("varchar") && node.number("resulttype") == TEXT && !type.isDomain();
            return text
                    ? new Operand(
                            column, columns.place(column), "(" + name + ")::text", TEXT, kind(type, inner, collation))
                    : null;
        }
        return type.isDomain()
                ? null
                : new Operand(column, columns.place(column), name, type.oid(), kind(type, inner, collation));
    }

    /// Returns how the column compares; null when the comparison uses another collation than the column's own.
    private static @Nullable ComparableType kind(ColumnType type, NodeTree variable, long collation) {
        return variable.number("varcollid") == collation ? ComparableTypes.of(type) : null;
    }

    /// Returns the name as Postgres prints it when it needs no quotes. A reserved word does not match its text in
    /// the expression, so Postgres decides.
    private static String quoted(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : SqlText.identifier(name);
    }

    private @Nullable Plan comparison(NodeTree node, String sql) {
        Operator operator = operators.get(node.number("opno"));
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
            return columnComparison(operator, comparison, left, right, sql);
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

    private static @Nullable Plan columnComparison(
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
        Operator operator = operators.get(node.number("opno"));
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
        ColumnAccess column = argument == null ? null : columns.of(argument);
        if (column == null || !node.text("argisrow").equals("false")) {
            return null;
        }
        Predicate isNull = term(column.name(), "is null", new RowTest.NullTest(columns.place(column)));
        return new Plan.Fixed(node.number("nulltesttype") == 0 ? isNull : Predicate.not(isNull));
    }

    private @Nullable Plan booleanTest(NodeTree node) {
        NodeTree argument = node.node("arg");
        ColumnAccess column = argument == null ? null : columns.of(argument);
        long test = node.number("booltesttype");
        if (column == null || !column.type().sql().equals("pg_catalog.bool") || test < 0 || test > 5) {
            return null;
        }
        // IS TRUE, IS NOT TRUE, IS FALSE, IS NOT FALSE, IS UNKNOWN, IS NOT UNKNOWN
        Truth wanted = List.of(Truth.TRUE, Truth.FALSE, Truth.UNKNOWN).get((int) test / 2);
        Predicate is = term(column.name(), "is " + wanted, new RowTest.BooleanTest(columns.place(column), wanted));
        return new Plan.Fixed(test % 2 == 0 ? is : Predicate.not(is));
    }

    /// Plans a boolean column that stands by itself.
    private @Nullable Plan flag(NodeTree node) {
        ColumnAccess column = columns.of(node);
        if (column == null || !column.type().sql().equals("pg_catalog.bool")) {
            return null;
        }
        ComparableType kind = requireNonNull(ComparableTypes.of(column.type()));
        return new Plan.Fixed(term(
                column.name(), "= true", new RowTest.Compare(columns.place(column), Comparison.EQUAL, kind, true)));
    }

    private static Predicate term(String column, String sql, RowTest test) {
        return new Predicate.Term(new ColumnQuestion(column, sql, null), test);
    }
}
