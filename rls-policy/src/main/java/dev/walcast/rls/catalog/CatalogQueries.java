package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.TablePublication;
import dev.walcast.rls.catalog.TableFacts.ColumnFacts;
import dev.walcast.rls.policy.NodeTree;
import dev.walcast.rls.policy.PolicySet.Function;
import dev.walcast.rls.policy.StoredPolicy;
import dev.walcast.rls.publication.PublicationSql;
import dev.walcast.rls.sql.SqlFile;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the catalog in one snapshot. It reads tables only and locks no table of a user. It does not call functions
/// such as `has_table_privilege`: these read the session's cache, which is newer than the snapshot, and older for an
/// instant after the commit of another session. Used with one connection by one thread.
final class CatalogQueries {
    /// Longer texts of a policy's tree are not read.
    static final int TREE_LENGTH_MAX = 16 << 20;

    static final Duration LOCK_TIMEOUT = Duration.ofMillis(100);
    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(3);

    private static final String ROLES = SqlFile.read(CatalogQueries.class, "roles.sql");
    private static final String TABLES = SqlFile.read(CatalogQueries.class, "tables.sql");
    private static final String COLUMNS = SqlFile.read(CatalogQueries.class, "columns.sql");
    private static final String POLICIES = SqlFile.read(CatalogQueries.class, "policies.sql");
    private static final String OBJECTS = SqlFile.read(CatalogQueries.class, "objects.sql");
    private static final String FUNCTIONS = SqlFile.read(CatalogQueries.class, "functions.sql");

    private final Connection connection;

    CatalogQueries(Connection connection) {
        this.connection = requireNonNull(connection, "connection is null");
    }

    /// Begins a transaction and takes its snapshot, which all queries up to [#end] show.
    PgSnapshot begin() throws SQLException {
        connection.setAutoCommit(false);
        limit("set transaction isolation level repeatable read, read only; ", LOCK_TIMEOUT);
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_catalog.pg_current_snapshot()::text")) {
            row.next();
            return PgSnapshot.parse(row.getString(1), Lsn.ZERO);
        }
    }

    /// Begins a transaction in which each statement shows the latest state.
    void beginLatest(Duration lockTimeout) throws SQLException {
        connection.setAutoCommit(false);
        limit("", lockTimeout);
    }

    void end() throws SQLException {
        connection.rollback();
    }

    /// Limits how long each statement of the transaction waits for locks and runs.
    private void limit(String before, Duration lockTimeout) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(before + "set local lock_timeout = " + lockTimeout.toMillis()
                    + "; set local statement_timeout = " + STATEMENT_TIMEOUT.toMillis());
        }
    }

    /// Reads roles.
    ///
    /// @param evaluator the role that evaluates policies; null for this connection's
    /// @return one entry for each name
    Map<String, RoleFacts> roles(Collection<String> names, @Nullable String evaluator) throws SQLException {
        Map<String, RoleFacts> roles = new HashMap<>();
        names.forEach(name -> roles.put(name, RoleFacts.unknown(name)));
        try (PreparedStatement statement = connection.prepareStatement(ROLES)) {
            statement.setString(1, evaluator);
            statement.setArray(2, texts(names));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String name = rows.getString("rolname");
                    roles.put(
                            name,
                            new RoleFacts(
                                    name,
                                    rows.getLong("oid"),
                                    rows.getBoolean("rolsuper"),
                                    rows.getBoolean("rolbypassrls"),
                                    rows.getBoolean("may_become"),
                                    oids(rows.getArray("privileges_of")),
                                    SessionSettings.NONE));
                }
            }
        }
        return roles;
    }

    /// Reads the versions of tables. A table that does not exist has no entry.
    Map<TableId, TableVersion> tables(Collection<TableId> tables, String publication) throws SQLException {
        Map<TableId, TableVersion> versions = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(PublicationSql.of(connection, TABLES))) {
            statement.setArray(1, texts(tables.stream().map(TableId::schema).toList()));
            statement.setArray(2, texts(tables.stream().map(TableId::name).toList()));
            statement.setString(3, publication);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    TableId table = new TableId(rows.getString("schema_name"), rows.getString("table_name"));
                    versions.put(
                            table,
                            new TableVersion(
                                    table,
                                    rows.getLong("oid"),
                                    publishing(rows),
                                    rows.getString("version"),
                                    changing(rows.getArray("changing"))));
                }
            }
        }
        return versions;
    }

    private static @Nullable TablePublication publishing(ResultSet rows) throws SQLException {
        if (!rows.getBoolean("published")) {
            return null;
        }
        Set<ChangeEvent> events = EnumSet.noneOf(ChangeEvent.class);
        for (ChangeEvent event : ChangeEvent.values()) {
            if (rows.getBoolean("sends_" + event.name().toLowerCase(Locale.ROOT))) {
                events.add(event);
            }
        }
        Array columns = rows.getArray("columns");
        Set<Integer> numbers = null;
        if (columns != null) {
            numbers = new HashSet<>();
            for (Object number : (Object[]) columns.getArray()) {
                numbers.add(((Number) number).intValue());
            }
        }
        return new TablePublication(events, numbers, rows.getBoolean("filtered"));
    }

    private static Set<Long> changing(Array transactions) throws SQLException {
        Set<Long> changing = new HashSet<>();
        for (String transaction : (String[]) transactions.getArray()) {
            if (!transaction.equals("0")) {
                changing.add(Long.parseUnsignedLong(transaction));
            }
        }
        return changing;
    }

    /// Reads owners, grants and columns of tables.
    ///
    /// @param failures receives the tables whose rows cannot be understood
    /// @return by oid
    Map<Long, TableFacts> facts(Collection<TableVersion> tables, TableFailures failures) throws SQLException {
        Map<Long, TableVersion> versions = byOid(tables);
        Map<Long, TableFacts> heads = new HashMap<>();
        Map<Long, List<ColumnFacts>> columns = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setArray(1, oids(versions.keySet()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    long oid = rows.getLong("table_oid");
                    TableId table = requireNonNull(versions.get(oid)).table();
                    failures.guard(table, () -> {
                        if (!heads.containsKey(oid)) {
                            heads.put(oid, head(table, oid, rows));
                        }
                        columns.computeIfAbsent(oid, _ -> new ArrayList<>()).add(column(rows));
                    });
                }
            }
        }
        versions.forEach((oid, version) -> {
            TableFacts head = heads.getOrDefault(oid, withoutColumns(version));
            heads.put(oid, with(head, columns.getOrDefault(oid, List.of())));
        });
        return heads;
    }

    private static Map<Long, TableVersion> byOid(Collection<TableVersion> tables) {
        Map<Long, TableVersion> versions = new HashMap<>();
        tables.forEach(table -> versions.put(table.oid(), table));
        return versions;
    }

    private static TableFacts head(TableId table, long oid, ResultSet rows) throws SQLException {
        return new TableFacts(
                table,
                oid,
                rows.getLong("owner"),
                rows.getBoolean("relrowsecurity"),
                rows.getBoolean("relforcerowsecurity"),
                oids(rows.getArray("schema_users")),
                oids(rows.getArray("table_readers")),
                List.of());
    }

    /// Returns the facts of a table of which no column can be read.
    private static TableFacts withoutColumns(TableVersion version) {
        return new TableFacts(version.table(), version.oid(), 0, true, true, Set.of(), Set.of(), List.of());
    }

    private static TableFacts with(TableFacts head, List<ColumnFacts> columns) {
        return new TableFacts(
                head.table(),
                head.oid(),
                head.owner(),
                head.rowSecurity(),
                head.forced(),
                head.schemaUsers(),
                head.readers(),
                columns);
    }

    private static ColumnFacts column(ResultSet rows) throws SQLException {
        ColumnAccess column = new ColumnAccess(
                rows.getString("column_name"),
                rows.getInt("column_number"),
                false,
                ColumnTypes.read(rows),
                rows.getString("type_name"),
                rows.getBoolean("key"),
                rows.getBoolean("identity"),
                rows.getBoolean("generated"),
                rows.getBoolean("virtual"),
                rows.getBoolean("large"));
        return new ColumnFacts(column, rows.getLong("collation_oid"), oids(rows.getArray("column_readers")));
    }

    /// Reads the policies of tables.
    ///
    /// @param failures receives the tables whose rows cannot be understood
    /// @return by the table's oid
    Map<Long, List<StoredPolicy>> policies(Collection<TableVersion> tables, TableFailures failures)
            throws SQLException {
        Map<Long, TableVersion> versions = byOid(tables);
        Map<Long, List<StoredPolicy>> policies = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(POLICIES)) {
            statement.setInt(1, TREE_LENGTH_MAX);
            statement.setArray(2, oids(versions.keySet()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    long oid = rows.getLong("table_oid");
                    TableId table = requireNonNull(versions.get(oid)).table();
                    failures.guard(
                            table,
                            () -> policies.computeIfAbsent(oid, _ -> new ArrayList<>())
                                    .add(policy(rows)));
                }
            }
        }
        return policies;
    }

    private static StoredPolicy policy(ResultSet rows) throws SQLException {
        String name = rows.getString("polname");
        String tree = rows.getString("tree");
        if (tree == null) {
            throw new SQLException("policy \"" + name + "\" is too long", "54000");
        }
        return new StoredPolicy(
                rows.getLong("oid"),
                name,
                rows.getBoolean("polpermissive"),
                oids(rows.getArray("polroles")),
                NodeTree.parseOrOpaque(tree));
    }

    /// Reads objects by oid, and functions by name.
    ///
    /// @param functions qualified names: two plain identifiers with a dot between them
    List<CatalogObject> objects(Collection<Long> oids, Collection<String> functions) throws SQLException {
        List<CatalogObject> objects = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(OBJECTS)) {
            statement.setArray(1, oids(oids));
            statement.setArray(
                    2,
                    texts(functions.stream()
                            .map(name -> name.substring(0, name.indexOf('.')))
                            .toList()));
            statement.setArray(
                    3,
                    texts(functions.stream()
                            .map(name -> name.substring(name.indexOf('.') + 1))
                            .toList()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    Array facts = rows.getArray("facts");
                    objects.add(new CatalogObject(
                            rows.getString("kind").charAt(0),
                            rows.getLong("oid"),
                            rows.getString("names"),
                            rows.getString("version"),
                            facts == null ? List.of() : List.of((String[]) facts.getArray())));
                }
            }
        }
        return objects;
    }

    /// Reads functions with their bodies.
    List<Function> functions(Collection<Long> oids) throws SQLException {
        List<Function> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(FUNCTIONS)) {
            statement.setArray(1, oids(oids));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(new Function(
                            rows.getLong("oid"),
                            rows.getString("name"),
                            rows.getString("provolatile").charAt(0),
                            rows.getInt("pronargs"),
                            rows.getBoolean("is_sql"),
                            rows.getBoolean("is_plain"),
                            rows.getBoolean("is_inlined"),
                            rows.getString("prosrc"),
                            body(rows.getString("tree"))));
                }
            }
        }
        return found;
    }

    /// Parses a body. A body of several statements is a list, which is not parsed.
    private static @Nullable NodeTree body(@Nullable String tree) {
        return tree == null || !tree.startsWith("{") ? null : NodeTree.parseOrOpaque(tree);
    }

    private Array texts(Collection<String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }

    private Array oids(Collection<Long> values) throws SQLException {
        return connection.createArrayOf("oid", values.toArray());
    }

    private static Set<Long> oids(Array array) throws SQLException {
        return Set.copyOf(List.of((Long[]) requireNonNull(array.getArray())));
    }
}
