package dev.walcast.rls;

import dev.walcast.filters.Predicate;
import dev.walcast.rls.Catalog.Question;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// What a table's policies let each viewer see of it, as a predicate over its rows: planned once for each version of
/// the rights, and evaluated in Postgres once for each viewer. Safe for any thread.
public final class RowPolicies {
    /// Viewers are as many as tokens: beyond this the ones without a subscription are forgotten.
    private static final int PREDICATES_MAX = 20_000;

    private final ViewerEvaluator evaluator;
    private final Map<Question, Planned> plans = new ConcurrentHashMap<>();
    private final Map<Key, Bound> predicates = new ConcurrentHashMap<>();

    /// @param isolated of connections made by [IsolatedConnections]
    public RowPolicies(DataSource isolated) {
        this.evaluator = new ViewerEvaluator(isolated);
    }

    private record Key(Viewer viewer, Question question) {}

    private record Planned(TableRights rights, Plan plan) {}

    private record Bound(TableRights rights, Predicate predicate) {}

    /// What the policies of these rights show to the viewer, if it was evaluated already. Never blocks.
    @SuppressWarnings("ReferenceEquality") // rights are another instance whenever anything changed
    @Nullable
    Predicate known(Viewer viewer, Question question, TableRights rights) {
        Bound bound = predicates.get(new Key(viewer, question));
        return bound != null && bound.rights == rights ? bound.predicate : null;
    }

    /// What the policies of these rights show to the viewer. Blocks when it is evaluated for the first time.
    Predicate predicate(Viewer viewer, Question question, TableRights rights) throws SQLException {
        Predicate known = known(viewer, question, rights);
        if (known != null) {
            return known;
        }
        Plan plan = plan(question, rights);
        ViewerValues values = evaluator.values(viewer, plan.expressions());
        Predicate predicate = new PlanBinder(viewer, rights.access(), values).bind(plan);
        predicates.put(new Key(viewer, question), new Bound(rights, predicate));
        return predicate;
    }

    @SuppressWarnings("ReferenceEquality") // rights are another instance whenever anything changed
    private Plan plan(Question question, TableRights rights) {
        Planned known = plans.get(question);
        if (known == null || known.rights != rights) {
            known = new Planned(rights, new PolicyPlanner(rights.policies(), rights.access()).plan());
            plans.put(question, known);
        }
        return known.plan;
    }

    /// Drops what was made from rights that are not in force any more. To be called with what [Rights#onChange]
    /// tells.
    public void forget(Set<Question> changed) {
        plans.keySet().removeAll(changed);
        predicates.keySet().removeIf(key -> changed.contains(key.question()));
    }

    /// Drops predicates of viewers without a subscription when there are too many; to be called now and then.
    ///
    /// @param inUse the viewers who are subscribed; called when there are too many others
    public void prune(Supplier<Set<Viewer>> inUse) {
        if (predicates.size() > PREDICATES_MAX) {
            Set<Viewer> subscribed = inUse.get();
            predicates.keySet().removeIf(key -> !subscribed.contains(key.viewer()));
        }
    }
}
