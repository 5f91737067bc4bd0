package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.policy.PolicySet.Policy;
import dev.walcast.rls.sql.SqlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All policies that apply to a role, as one expression that Postgres prints and reads under the role's `search_path`.
///
/// Postgres parses the bodies of some functions while it plans their callers, so the path must be set before that. A
/// text that was printed with another path could then mean something else. So the statement that asks makes Postgres
/// print the text again, with names that find the same objects under this path. Postgres locks the table for reading
/// until the question ends. When a policy changed since the rights were read, the statement uses its old text and sets
/// the path late.
///
/// @param policies        in the order of their names; at least one is permissive
/// @param comparesUnnamed whether the text uses an operator without its name, as `IS DISTINCT FROM` does
public record BoundPolicies(List<Policy> policies, boolean comparesUnnamed) {
    /// Nodes that are printed without the name of their operator. `JOIN … USING` is one of them.
    private static final Set<String> UNNAMED =
            Set.of("DISTINCTEXPR", "NULLIFEXPR", "CASETESTEXPR", "ROWCOMPAREEXPR", "ROWCOMPARE", "JOINEXPR");

    /// An SQL condition: whether the path finds comparison operators of users for types of Postgres.
    public static final String OTHER_COMPARISONS = """
            exists (select from pg_catalog.pg_operator as walcast_o
                     where walcast_o.oid operator(pg_catalog.>=) 16384::pg_catalog.oid
                       and walcast_o.oprname operator(pg_catalog.=) any (array['=', '<>', '<', '<=', '>', '>=']::pg_catalog.name[])
                       and walcast_o.oprleft operator(pg_catalog.<) 16384::pg_catalog.oid
                       and walcast_o.oprright operator(pg_catalog.<) 16384::pg_catalog.oid
                       and pg_catalog.pg_operator_is_visible(walcast_o.oid))""";

    public BoundPolicies {
        policies = List.copyOf(policies);
        if (policies.stream().noneMatch(Policy::permissive)) {
            throw new IllegalArgumentException("no permissive policy");
        }
    }

    static BoundPolicies of(List<Policy> policies) {
        boolean[] unnamed = {false};
        for (Policy policy : policies) {
            policy.tree().forEach(node -> unnamed[0] |= node.isOpaque() || UNNAMED.contains(node.name()));
        }
        return new BoundPolicies(policies, unnamed[0]);
    }

    /// Returns the text that was printed with an empty path.
    String sql() {
        StringBuilder sql = new StringBuilder();
        for (Piece piece : pieces()) {
            sql.append(piece.policy == null ? piece.text : piece.policy.expression());
        }
        return sql.toString();
    }

    /// Returns an SQL expression whose value is the text, printed with the path of the session.
    public String printed() {
        List<String> parts = new ArrayList<>();
        for (Piece piece : pieces()) {
            parts.add(piece.policy == null ? SqlText.literal(piece.text) : print(piece.policy));
        }
        return String.join(", ", parts);
    }

    /// Returns an SQL condition: whether the policies are unchanged. To be evaluated with an empty path.
    public String unchanged() {
        List<String> parts = new ArrayList<>();
        for (Policy policy : policies) {
            parts.add("(" + print(policy) + " operator(pg_catalog.=) " + SqlText.literal(policy.expression()) + ")");
        }
        return "(" + String.join(" and ", parts) + ") is true";
    }

    /// Returns an SQL condition: whether an unnamed operator may mean an operator of a user under the path.
    public String mayMeanOthers() {
        return comparesUnnamed ? OTHER_COMPARISONS : "false";
    }

    private static String print(Policy policy) {
        return "(select pg_catalog.pg_get_expr(walcast_p.polqual, walcast_p.polrelid)"
                + " from pg_catalog.pg_policy as walcast_p where walcast_p.oid operator(pg_catalog.=) "
                + policy.oid() + "::pg_catalog.oid)";
    }

    /// A part of the text: fixed text, or the expression of a policy.
    private record Piece(String text, @Nullable Policy policy) {
        Piece {
            requireNonNull(text, "text is null");
        }
    }

    /// Returns the pieces in the order in which Postgres evaluates policies: restrictive ones first, then the
    /// permissive ones in reverse order.
    private List<Piece> pieces() {
        List<Piece> pieces = new ArrayList<>();
        for (Policy policy : policies) {
            if (!policy.permissive()) {
                add(pieces, "(", policy, ") AND ");
            }
        }
        pieces.add(new Piece("(", null));
        String before = "(";
        for (Policy policy : policies.reversed()) {
            if (policy.permissive()) {
                add(pieces, before, policy, ")");
                before = " OR (";
            }
        }
        pieces.add(new Piece(")", null));
        return pieces;
    }

    private static void add(List<Piece> pieces, String before, Policy policy, String after) {
        pieces.add(new Piece(before, null));
        pieces.add(new Piece("", policy));
        pieces.add(new Piece(after, null));
    }
}
