package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.Predicate;
import dev.walcast.rls.Catalog.Question;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the policies in force let each viewer see of a table, as a predicate over its rows. Asked of Postgres once
/// for each viewer and set of policies; [#refresh()], which somebody calls every second, notices other policies. Safe
/// for any thread.
public final class RowPolicies {
    private static final Logger log = LoggerFactory.getLogger(RowPolicies.class);

    /// Viewers are as many as tokens: beyond this the ones without a subscription are forgotten at the next
    /// refresh.
    private static final int PREDICATES_MAX = 20_000;

    private final ViewerEvaluator evaluator;
    private final PostgresPolicies catalog;
    private final Map<Question, Planned> plans = new ConcurrentHashMap<>();
    private final Map<Key, Bound> predicates = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<Consumer<Set<Question>>> listeners = new CopyOnWriteArrayList<>();

    /// @param isolated of connections made by [IsolatedConnections]
    public RowPolicies(DataSource isolated) {
        this.evaluator = new ViewerEvaluator(isolated);
        this.catalog = new PostgresPolicies(isolated);
    }

    private record Key(Viewer viewer, Question question) {}

    private record Planned(PolicySet policies, TableAccess access, Plan plan) {}

    private record Bound(Planned planned, Predicate predicate) {}

    /// Hears whose policies differ from before, on the thread that refreshed.
    public void onChange(Consumer<Set<Question>> listener) {
        listeners.add(listener);
    }

    /// Which rows the policies show to the viewer. Blocks when this is the first time that it is asked for.
    @SuppressWarnings("ReferenceEquality") // a plan is made anew whenever anything changed
    public Predicate predicate(Viewer viewer, TableAccess access) throws SQLException {
        Question question = new Question(viewer.role(), access.table());
        Planned planned = planned(question, access);
        Key key = new Key(viewer, question);
        Bound bound = predicates.get(key);
        if (bound == null || bound.planned() != planned) {
            ViewerValues values = evaluator.values(viewer, planned.plan().expressions());
            bound = new Bound(planned, new PlanBinder(viewer, access, values).bind(planned.plan()));
            predicates.put(key, bound);
        }
        return bound.predicate();
    }

    private Planned planned(Question question, TableAccess access) throws SQLException {
        Planned known = plans.get(question);
        if (known != null && known.access().columns().equals(access.columns())) {
            return known;
        }
        PolicySet policies = catalog.load(List.of(question)).get(question);
        if (policies == null) {
            policies = new PolicySet(List.of(), Map.of(), Map.of(), Set.of());
        }
        Planned planned = plan(policies, access);
        plans.put(question, planned);
        return planned;
    }

    private static Planned plan(PolicySet policies, TableAccess access) {
        return new Planned(policies, access, new PolicyPlanner(policies, access).plan());
    }

    /// Looks all policies up again and tells the listeners whose changed.
    ///
    /// @param inUse the viewers who are subscribed; called when there are too many others
    public void refresh(Supplier<Set<Viewer>> inUse) throws SQLException {
        if (predicates.size() > PREDICATES_MAX) {
            Set<Viewer> subscribed = inUse.get();
            predicates.keySet().removeIf(key -> !subscribed.contains(key.viewer()));
        }
        Set<Question> known = Set.copyOf(plans.keySet());
        Map<Question, PolicySet> fresh = catalog.load(known);
        Set<Question> changed = new HashSet<>();
        for (Question question : known) {
            PolicySet policies = fresh.get(question);
            if (policies == null
                    || !policies.equals(requireNonNull(plans.get(question)).policies())) {
                plans.remove(question);
                changed.add(question);
            }
        }
        if (!changed.isEmpty()) {
            predicates.keySet().removeIf(key -> changed.contains(key.question()));
            log.info("Policies changed for {}", changed);
            listeners.forEach(listener -> listener.accept(changed));
        }
    }

    /// Whether this server may act as the role, which evaluating policies needs.
    public boolean mayBecome(String role) throws SQLException {
        return evaluator.mayBecome(role);
    }
}
