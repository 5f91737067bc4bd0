package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.Predicate;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.ViewerValues.Value;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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

    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private final DataSource isolated;
    private final PostgresPolicies catalog;
    private final Map<Question, Planned> plans = new ConcurrentHashMap<>();
    private final Map<Key, Bound> predicates = new ConcurrentHashMap<>();
    private final Recent<String, Boolean> roles = new Recent<>(System::nanoTime);
    private final CopyOnWriteArrayList<Consumer<Set<Question>>> listeners = new CopyOnWriteArrayList<>();

    /// @param isolated of connections made by [IsolatedConnections]
    public RowPolicies(DataSource isolated) {
        this.isolated = requireNonNull(isolated, "isolated is null");
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
            ViewerValues values = values(viewer, planned.plan().expressions());
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

    /// Lets Postgres compute what depends on the viewer alone, as that viewer. An error in one leaves the others.
    private ViewerValues values(Viewer viewer, List<String> expressions) throws SQLException {
        if (expressions.isEmpty()) {
            return new ViewerValues(Map.of());
        }
        try (Connection connection = isolated.getConnection()) {
            connection.setAutoCommit(false);
            try {
                return new ViewerValues(values(connection, viewer, expressions));
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static Map<String, Value> values(Connection connection, Viewer viewer, List<String> expressions)
            throws SQLException {
        try {
            return evaluate(connection, viewer, expressions);
        } catch (SQLException e) {
            if (!SqlStates.saysTheValueIsWrong(e)) {
                throw e;
            }
            connection.rollback();
            String state = String.valueOf(e.getSQLState());
            if (expressions.size() == 1) {
                return Map.of(expressions.getFirst(), new Value(null, "", state));
            }
        }
        Map<String, Value> each = new HashMap<>();
        for (String expression : expressions) {
            each.putAll(values(connection, viewer, List.of(expression)));
        }
        return each;
    }

    private static Map<String, Value> evaluate(Connection connection, Viewer viewer, List<String> expressions)
            throws SQLException {
        PolicyAsker.become(connection, viewer.role());
        PolicyAsker.claim(connection, viewer.claims());
        List<String> selected = new ArrayList<>();
        for (String expression : expressions) {
            selected.add(
                    "case when (" + expression + ") is null then null else pg_catalog.concat(" + expression + ") end");
            selected.add("pg_catalog.pg_typeof(" + expression + ")::text");
        }
        String query = "with " + IsolatedConnections.CLIENT_PATH + " select " + String.join(", ", selected)
                + " from walcast_path";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            Map<String, Value> values = new LinkedHashMap<>();
            for (int i = 0; i < expressions.size(); i++) {
                values.put(expressions.get(i), new Value(row.getString(2 * i + 1), row.getString(2 * i + 2), null));
            }
            return values;
        }
    }

    /// Whether this server may act as the role, which evaluating policies needs.
    public boolean mayBecome(String role) throws SQLException {
        return roles.<SQLException, SQLException>get(role, () -> canBecome(role) ? Boolean.TRUE : null) != null;
    }

    private boolean canBecome(String role) throws SQLException {
        try (Connection connection = isolated.getConnection()) {
            connection.setAutoCommit(false);
            try {
                PolicyAsker.become(connection, role);
                return true;
            } catch (SQLException e) {
                if (INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                    return false;
                }
                throw e;
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }
}
