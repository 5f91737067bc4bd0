package dev.walcast.rls.guard;

import dev.walcast.filters.predicate.Predicate;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.policy.Plan;
import dev.walcast.rls.policy.PlanBinder;
import dev.walcast.rls.policy.PolicyPlanner;
import dev.walcast.rls.policy.ViewerValues;
import dev.walcast.rls.question.ViewerEvaluator;
import dev.walcast.rls.rights.TableRights;
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
    /// Viewers are as many as tokens: beyond this, and twice what is in use, the ones without a subscription are
    /// forgotten.
    private static final int PREDICATES_MIN = 20_000;

    private final ViewerEvaluator evaluator;
    private final Map<AccessQuestion, Planned> plans = new ConcurrentHashMap<>();
    private volatile long pruneBeyond = PREDICATES_MIN;

    /// @param isolated of connections made by `IsolatedConnections`
    public RowPolicies(DataSource isolated) {
        this.evaluator = new ViewerEvaluator(isolated);
    }

    /// What the policies of one version of the rights show to each viewer.
    private static final class Planned {
        private final TableRights rights;
        private final Plan plan;
        private final boolean sameForAll;
        private volatile @Nullable Predicate ofAll;
        private final Map<Viewer, Predicate> ofViewers = new ConcurrentHashMap<>();

        private Planned(TableRights rights) {
            this.rights = rights;
            this.plan = new PolicyPlanner(rights.policies(), rights.access()).plan();
            this.sameForAll = !plan.dependsOnViewer();
        }

        @Nullable
        Predicate known(Viewer viewer) {
            return sameForAll ? ofAll : ofViewers.get(viewer);
        }

        void remember(Viewer viewer, Predicate predicate) {
            if (sameForAll) {
                ofAll = predicate;
            } else {
                ofViewers.put(viewer, predicate);
            }
        }
    }

    /// What the policies of these rights show to the viewer, if it was evaluated already. Never blocks.
    @SuppressWarnings("ReferenceEquality") // rights are another instance whenever anything changed
    @Nullable
    Predicate known(Viewer viewer, AccessQuestion question, TableRights rights) {
        Planned planned = plans.get(question);
        return planned != null && planned.rights == rights ? planned.known(viewer) : null;
    }

    /// What the policies of these rights show to the viewer. Blocks when it is evaluated for the first time.
    public Predicate predicate(Viewer viewer, AccessQuestion question, TableRights rights) throws SQLException {
        Planned planned = planned(question, rights);
        Predicate known = planned.known(viewer);
        if (known != null) {
            return known;
        }
        ViewerValues values = evaluator.values(viewer, rights.access().settings(), planned.plan.expressions());
        Predicate predicate = new PlanBinder(viewer, rights.access(), values).bind(planned.plan);
        planned.remember(viewer, predicate);
        return predicate;
    }

    @SuppressWarnings("ReferenceEquality") // rights are another instance whenever anything changed
    private Planned planned(AccessQuestion question, TableRights rights) {
        Planned known = plans.get(question);
        if (known == null || known.rights != rights) {
            known = new Planned(rights);
            plans.put(question, known);
        }
        return known;
    }

    /// Drops what was made from rights that are not in force any more. To be called with what `Rights.onChange`
    /// tells.
    public void forget(Set<AccessQuestion> changed) {
        plans.keySet().removeAll(changed);
    }

    /// Drops predicates of viewers without a subscription when many have come since the last time; to be called now
    /// and then, by one thread.
    ///
    /// @param inUse the viewers who are subscribed; called when there are too many others
    public void prune(Supplier<Set<Viewer>> inUse) {
        if (size() > pruneBeyond) {
            Set<Viewer> subscribed = inUse.get();
            plans.values().forEach(planned -> planned.ofViewers.keySet().retainAll(subscribed));
            pruneBeyond = Math.max(PREDICATES_MIN, 2L * size());
        }
    }

    private long size() {
        return plans.values().stream()
                .mapToLong(planned -> planned.ofViewers.size())
                .sum();
    }
}
