package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.PolicySet.Function;
import dev.walcast.rls.PolicySet.Operator;
import dev.walcast.rls.PolicySet.Policy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Reads policies from the catalog of a real Postgres. Safe for any thread.
final class PostgresPolicies {
    private static final String POLICIES = PostgresCatalog.sql("policies.sql");
    private static final String FUNCTIONS = PostgresCatalog.sql("functions.sql");
    private static final String RELATIONS = PostgresCatalog.sql("relations.sql");
    private static final String OPERATORS = PostgresCatalog.sql("operators.sql");

    /// How deep functions may call functions before nobody follows.
    private static final int CALLS_MAX = 4;

    private final DataSource dataSource;

    /// @param dataSource its connections have an empty `search_path`
    PostgresPolicies(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    /// A pair whose role or table does not exist is left out.
    Map<Question, PolicySet> load(Collection<Question> questions) throws SQLException {
        if (questions.isEmpty()) {
            return Map.of();
        }
        try (Connection connection = dataSource.getConnection()) {
            Map<Question, List<Policy>> policies = policies(connection, List.copyOf(questions));
            List<NodeTree> trees = policies.values().stream()
                    .flatMap(List::stream)
                    .map(Policy::tree)
                    .toList();
            Map<Long, Function> functions = functions(connection, trees);
            Map<Long, Operator> operators = operators(connection, oids(trees, "opno"));
            Map<Question, PolicySet> sets = new HashMap<>();
            for (Map.Entry<Question, List<Policy>> entry : policies.entrySet()) {
                Set<Long> separate = separate(connection, entry.getKey().role(), entry.getValue());
                sets.put(entry.getKey(), new PolicySet(entry.getValue(), functions, operators, separate));
            }
            return sets;
        }
    }

    private static Map<Question, List<Policy>> policies(Connection connection, List<Question> asked)
            throws SQLException {
        Map<Question, List<Policy>> found = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(POLICIES)) {
            statement.setArray(
                    1, texts(connection, asked.stream().map(Question::role).toList()));
            statement.setArray(
                    2,
                    texts(
                            connection,
                            asked.stream().map(q -> q.table().schema()).toList()));
            statement.setArray(
                    3,
                    texts(connection, asked.stream().map(q -> q.table().name()).toList()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    TableId table = new TableId(rows.getString("schema_name"), rows.getString("table_name"));
                    List<Policy> policies = found.computeIfAbsent(
                            new Question(rows.getString("role_name"), table), _ -> new ArrayList<>());
                    String name = rows.getString("polname");
                    if (name != null) {
                        policies.add(new Policy(
                                name,
                                rows.getBoolean("polpermissive"),
                                rows.getString("expression"),
                                NodeTree.parse(rows.getString("tree"))));
                    }
                }
            }
        }
        return found;
    }

    /// The functions mentioned, and those that these mention.
    private static Map<Long, Function> functions(Connection connection, List<NodeTree> trees) throws SQLException {
        Map<Long, Function> known = new TreeMap<>();
        Set<Long> oids = functionOids(trees);
        Set<String> names = new HashSet<>();
        for (int depth = 0; depth < CALLS_MAX && !(oids.isEmpty() && names.isEmpty()); depth++) {
            List<Function> found = functions(connection, oids, names);
            Set<String> followed = new HashSet<>();
            List<NodeTree> bodies = new ArrayList<>();
            for (Function function : found) {
                if (known.put(function.oid(), function) == null) {
                    followed.addAll(ClaimsOnly.qualifiedCalls(function));
                    if (function.tree() != null) {
                        bodies.add(function.tree());
                    }
                }
            }
            names = followed;
            oids = functionOids(bodies);
            oids.removeAll(known.keySet());
        }
        return known;
    }

    private static Set<Long> functionOids(List<NodeTree> trees) {
        Set<Long> oids = new HashSet<>(oids(trees, "funcid"));
        oids.addAll(oids(trees, "opfuncid"));
        oids.addAll(oids(trees, "aggfnoid"));
        oids.addAll(oids(trees, "winfnoid"));
        return oids;
    }

    static Set<Long> oids(Collection<NodeTree> trees, String field) {
        Set<Long> oids = new HashSet<>();
        trees.forEach(tree -> tree.forEach(node -> {
            long oid = node.number(field);
            if (oid > 0) {
                oids.add(oid);
            }
        }));
        return oids;
    }

    private static List<Function> functions(Connection connection, Set<Long> oids, Set<String> names)
            throws SQLException {
        List<Function> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(FUNCTIONS)) {
            statement.setArray(1, connection.createArrayOf("oid", oids.toArray()));
            statement.setArray(2, connection.createArrayOf("text", names.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(new Function(
                            rows.getLong("oid"),
                            rows.getString("name"),
                            rows.getString("provolatile").charAt(0),
                            rows.getInt("pronargs"),
                            rows.getBoolean("is_sql"),
                            rows.getBoolean("is_plain"),
                            rows.getString("prosrc"),
                            body(rows.getString("tree"))));
                }
            }
        }
        return found;
    }

    /// A body of several statements is a list, which nobody looks into.
    private static @Nullable NodeTree body(@Nullable String tree) {
        return tree == null || !tree.startsWith("{") ? null : NodeTree.parse(tree);
    }

    private static Map<Long, Operator> operators(Connection connection, Set<Long> oids) throws SQLException {
        Map<Long, Operator> found = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(OPERATORS)) {
            statement.setArray(1, connection.createArrayOf("oid", oids.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.put(rows.getLong(1), new Operator(rows.getString(2), rows.getLong(3), rows.getLong(4)));
                }
            }
        }
        return found;
    }

    private static Set<Long> separate(Connection connection, String role, List<Policy> policies) throws SQLException {
        Set<Long> oids = oids(policies.stream().map(Policy::tree).toList(), "relid");
        Set<Long> separate = new HashSet<>(oids);
        if (oids.isEmpty()) {
            return separate;
        }
        try (PreparedStatement statement = connection.prepareStatement(RELATIONS)) {
            statement.setString(1, role);
            statement.setArray(2, connection.createArrayOf("oid", oids.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    if (rows.getBoolean(2)) {
                        separate.remove(rows.getLong(1));
                    }
                }
            }
        }
        return separate;
    }

    private static java.sql.Array texts(Connection connection, List<String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }
}
