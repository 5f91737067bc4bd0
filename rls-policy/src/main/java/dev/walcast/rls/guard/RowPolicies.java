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

/// Caches the policies of tables as predicates over rows. It plans them once for each version of the rights, and
/// evaluates them in Postgres once for each viewer. Safe for any thread.
public final class RowPolicies {
    /// With more predicates than this, and than twice those in use, [#prune] removes those of viewers without a
    /// subscription. There are as many viewers as tokens.
    private static final int PREDICATES_MIN = 20_000;

    private final ViewerEvaluator evaluator;
    private final Map<AccessQuestion, Planned> plans = new ConcurrentHashMap<>();
    private volatile long pruneBeyond = PREDICATES_MIN;

    /// Makes an empty cache.
    ///
    /// @param isolated connections set up by `IsolatedConnections`
    public RowPolicies(DataSource isolated) {
        this.evaluator = new ViewerEvaluator(isolated);
    }

    /// The plan for one version of the rights, and the predicates made from it.
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

    /// Returns the predicate of a viewer; null when it is not evaluated yet. Does not block.
    @SuppressWarnings("ReferenceEquality") // rights are another instance whenever anything changed
    @Nullable
    Predicate known(Viewer viewer, AccessQuestion question, TableRights rights) {
        Planned planned = plans.get(question);
        return planned != null && planned.rights == rights ? planned.known(viewer) : null;
    }

    /// Returns the predicate of a viewer. Blocks when it is evaluated for the first time.
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

    /// Removes predicates made from rights that changed. Call this from `Rights.onChange`.
    public void forget(Set<AccessQuestion> changed) {
        plans.keySet().removeAll(changed);
    }

    /// Removes predicates of viewers without a subscription when there are too many. Call this now and then, from
    /// one thread.
    ///
    /// @param inUse returns the viewers with a subscription; called only when there are too many predicates
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
