package dev.walcast.rls.policy;

import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.Comparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How to decide a policy. A plan divides the expression into comparisons in memory, conditions on the viewer only,
/// and questions to Postgres. Expressions over claims are SQL in it; [PlanBinder] fills in their values for one
/// viewer.
public sealed interface Plan {
    /// All parts must hold (AND), in the order in which Postgres evaluates them.
    record All(List<Plan> parts) implements Plan {}

    /// One part must hold (OR), in the order in which Postgres evaluates them.
    record Any(List<Plan> parts) implements Plan {}

    /// The part must not hold.
    record Not(Plan part) implements Plan {}

    /// A condition that is the same for every viewer.
    record Fixed(Predicate predicate) implements Plan {}

    /// A condition on the viewer only.
    record OfViewer(String expression) implements Plan {}

    /// A column is compared with a value that depends on the viewer.
    record Compare(ResolvedColumn place, Comparison comparison, ComparableType kind, String expression, String sql)
            implements Plan {}

    /// A column equals an element of an array that depends on the viewer.
    record OneOf(ResolvedColumn place, ComparableType kind, String expression, String sql) implements Plan {}

    /// A condition that Postgres must evaluate.
    ///
    /// @param columns     the columns of the row that it reads
    /// @param calls       the calls in it that depend on the viewer only
    /// @param needsClaims whether it depends on the viewer in other ways too
    /// @param replan      whether it calls functions that are declared immutable and may not be
    /// @param whole       all policies, when Postgres needs the viewer's `search_path` to plan the condition;
    ///                    otherwise null
    record Ask(
            String sql,
            Set<ResolvedColumn> columns,
            List<String> calls,
            boolean needsClaims,
            boolean replan,
            @Nullable BoundPolicies whole)
            implements Plan {}

    /// Whether the plan may show different rows to two viewers of one role.
    default boolean dependsOnViewer() {
        return switch (this) {
            case All all -> all.parts.stream().anyMatch(Plan::dependsOnViewer);
            case Any any -> any.parts.stream().anyMatch(Plan::dependsOnViewer);
            case Not not -> not.part.dependsOnViewer();
            case Fixed _ -> false;
            case OfViewer _, Compare _, OneOf _ -> true;
            case Ask ask -> ask.needsClaims || !ask.calls.isEmpty();
        };
    }

    /// Returns the expressions whose values [PlanBinder] needs, each once.
    default List<String> expressions() {
        List<String> found = new ArrayList<>();
        collect(found);
        return found.stream().distinct().toList();
    }

    private void collect(List<String> found) {
        switch (this) {
            case All all -> all.parts.forEach(part -> part.collect(found));
            case Any any -> any.parts.forEach(part -> part.collect(found));
            case Not not -> not.part.collect(found);
            case Fixed _ -> {}
            case OfViewer of -> found.add(of.expression);
            case Compare compare -> found.add(compare.expression);
            case OneOf oneOf -> found.add(oneOf.expression);
            case Ask ask -> {
                if (!ask.needsClaims) {
                    found.addAll(ask.calls);
                }
            }
        }
    }
}
