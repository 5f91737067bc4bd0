package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The policies that apply to one role on one table, with the objects that they mention. Equal sets decide equally, as
/// far as the catalog shows.
///
/// @param policies  in the order of their names
/// @param functions by oid: the functions that the policies call, directly or through other functions
/// @param operators by oid
/// @param separate  oids of the tables that the policies read and of which viewers of one role may see different rows
public record PolicySet(
        List<Policy> policies, Map<Long, Function> functions, Map<Long, Operator> operators, Set<Long> separate) {
    /// No policy. Where row-level security applies, it shows no row.
    public static final PolicySet NONE = new PolicySet(List.of(), Map.of(), Map.of(), Set.of());

    public PolicySet {
        policies = List.copyOf(policies);
        functions = Map.copyOf(functions);
        operators = Map.copyOf(operators);
        separate = Set.copyOf(separate);
    }

    /// One policy.
    ///
    /// @param expression as Postgres prints it with an empty `search_path`
    /// @param tree       the same expression with every name resolved
    public record Policy(long oid, String name, boolean permissive, String expression, NodeTree tree) {
        public Policy {
            requireNonNull(name, "name is null");
            requireNonNull(expression, "expression is null");
            requireNonNull(tree, "tree is null");
        }
    }

    /// A function that policies call.
    ///
    /// @param name       qualified, and quoted where needed, as in printed expressions
    /// @param volatility `i`, `s` or `v`
    /// @param arguments  the number of its arguments
    /// @param isPlain    whether it is an ordinary function, and no procedure, aggregate or window function
    /// @param isInlined  whether Postgres may replace a call by the body while it plans
    /// @param source     the text of the body
    /// @param tree       the parsed body; null when Postgres keeps the body as text
    public record Function(
            long oid,
            String name,
            char volatility,
            int arguments,
            boolean isSql,
            boolean isPlain,
            boolean isInlined,
            String source,
            @Nullable NodeTree tree) {
        public Function {
            requireNonNull(name, "name is null");
            requireNonNull(source, "source is null");
        }
    }

    /// An operator that policies use.
    ///
    /// @param left  oid of the type of its left operand
    /// @param right oid of the type of its right operand
    public record Operator(String name, long left, long right) {
        public Operator {
            requireNonNull(name, "name is null");
        }
    }
}
