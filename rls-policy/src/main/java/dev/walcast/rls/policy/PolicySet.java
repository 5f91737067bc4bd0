package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The policies that let one role read one table, with what is known of the objects that they mention, and of no other
/// object. Equal sets decide equally, as far as the catalog can tell.
///
/// @param policies  by name
/// @param functions by oid: those that the policies mention, and those that these mention
/// @param operators by oid
/// @param separate  oids of the tables read whose rows look different to viewers of the same role
public record PolicySet(
        List<Policy> policies, Map<Long, Function> functions, Map<Long, Operator> operators, Set<Long> separate) {
    /// No policy. Where policies bind the role, they show it no row.
    public static final PolicySet NONE = new PolicySet(List.of(), Map.of(), Map.of(), Set.of());

    public PolicySet {
        policies = List.copyOf(policies);
        functions = Map.copyOf(functions);
        operators = Map.copyOf(operators);
        separate = Set.copyOf(separate);
    }

    /// @param expression as Postgres prints it with an empty `search_path`
    /// @param tree       the same, with every name looked up
    public record Policy(long oid, String name, boolean permissive, String expression, NodeTree tree) {
        public Policy {
            requireNonNull(name, "name is null");
            requireNonNull(expression, "expression is null");
            requireNonNull(tree, "tree is null");
        }
    }

    /// @param name       qualified and quoted where needed, as it stands in expressions
    /// @param volatility `i`, `s` or `v`
    /// @param isInlined  whether Postgres may replace a call by the body while it plans
    /// @param source     the body's text
    /// @param tree       the body when Postgres keeps it parsed
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

    /// @param left  oid of the type of the left operand
    public record Operator(String name, long left, long right) {
        public Operator {
            requireNonNull(name, "name is null");
        }
    }
}
