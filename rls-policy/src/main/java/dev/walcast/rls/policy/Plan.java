package dev.walcast.rls.policy;

import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.Comparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How a policy is decided: its expression, cut into what memory can compare, what depends on the viewer alone, and
/// what Postgres has to be asked. Claims stand here as SQL, to be filled in for each viewer.
public sealed interface Plan {
    record All(List<Plan> parts) implements Plan {}

    record Any(List<Plan> parts) implements Plan {}

    record Not(Plan part) implements Plan {}

    /// The same for every viewer.
    record Fixed(Predicate predicate) implements Plan {}

    /// A condition on the viewer alone.
    record OfViewer(String expression) implements Plan {}

    /// A column compared with a value of the viewer's.
    record Compare(ResolvedColumn place, Comparison comparison, ComparableType kind, String expression, String sql)
            implements Plan {}

    /// A column that equals an element of an array of the viewer's.
    record OneOf(ResolvedColumn place, ComparableType kind, String expression, String sql) implements Plan {}

    /// What only Postgres can say.
    ///
    /// @param columns     those of the row that it looks at
    /// @param calls       the calls in it that depend on the viewer alone
    /// @param needsClaims whether it depends on the viewer in other ways as well
    /// @param replan      whether it calls functions that claim to be immutable and may not be
    /// @param whole       what it stands for, when Postgres needs the viewer's `search_path` to plan it; else null
    record Ask(
            String sql,
            Set<ResolvedColumn> columns,
            List<String> calls,
            boolean needsClaims,
            boolean replan,
            @Nullable BoundPolicies whole)
            implements Plan {}

    /// Whether two viewers of one role may be shown different rows.
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

    /// The expressions whose values a viewer has to have.
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
