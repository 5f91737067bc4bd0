package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.TablePublication;
import dev.walcast.rls.cache.IdleExpiryCache;
import dev.walcast.rls.catalog.CatalogObjects.Mentioned;
import dev.walcast.rls.policy.NodeTree;
import dev.walcast.rls.policy.PolicySet.Operator;
import dev.walcast.rls.policy.StoredPolicy;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.rls.session.ServerTimeZone;
import dev.walcast.rls.session.SettingsReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Reads rights and policies from the catalog of a Postgres database. Safe for any thread.
///
/// It reads everything except the text of policies from tables in one snapshot. It compares what a text depends on
/// before and after Postgres prints the text, and keeps the text until one of these objects changes. It keeps what it
/// read about a table while the catalog holds the same rows, so an unchanged table costs one comparison.
public final class PostgresRightsReader implements RightsReader {
    /// How many attempts a reading makes when the catalog changes meanwhile.
    private static final int ROUNDS_MAX = 6;

    private static final int TABLES_MAX = 20_000;
    private static final int RIGHTS_MAX = 100_000;

    private final DataSource isolated;
    private final String publication;
    private final @Nullable String evaluator;
    private final SettingsReader settings;
    private final Runnable renew;
    private final IdleExpiryCache<TableId, CachedTable> tables;
    private final IdleExpiryCache<AccessQuestion, Known> rights;
    private final FunctionBodies functions;
    private final PolicyPrinter printer;

    /// The operators of Postgres, by oid. They do not change.
    private final Map<Long, CatalogObject> operators = new ConcurrentHashMap<>();

    /// Makes a reader for connections whose login evaluates policies.
    ///
    /// @param isolated connections set up by `IsolatedConnections`
    public PostgresRightsReader(DataSource isolated, String publication, LongSupplier nanoTime) {
        this(isolated, publication, null, nanoTime);
    }

    /// Makes a reader for a server whose time zone is known to be UTC.
    ///
    /// @param isolated  connections set up by `IsolatedConnections`
    /// @param evaluator the role that evaluates policies; null for the connections' own
    public PostgresRightsReader(
            DataSource isolated, String publication, @Nullable String evaluator, LongSupplier nanoTime) {
        this(isolated, publication, evaluator, null, () -> {}, nanoTime);
    }

    /// Makes a reader.
    ///
    /// @param isolated  connections set up by `IsolatedConnections`
    /// @param evaluator the role that evaluates policies; null for the connections' own
    /// @param timeZone  null when the server's own time zone is known to be UTC
    /// @param renew     replaces all connections that read rights or evaluate. Called when new sessions have other
    ///                  settings than the open ones
    /// @param nanoTime  a monotonic clock, in nanoseconds
    public PostgresRightsReader(
            DataSource isolated,
            String publication,
            @Nullable String evaluator,
            @Nullable ServerTimeZone timeZone,
            Runnable renew,
            LongSupplier nanoTime) {
        this.isolated = requireNonNull(isolated, "isolated is null");
        this.publication = requireNonNull(publication, "publication is null");
        this.evaluator = evaluator;
        this.settings = new SettingsReader(timeZone);
        this.renew = requireNonNull(renew, "renew is null");
        this.tables = new IdleExpiryCache<>(TABLES_MAX, nanoTime);
        this.rights = new IdleExpiryCache<>(RIGHTS_MAX, nanoTime);
        this.functions = new FunctionBodies(nanoTime);
        this.printer = new PolicyPrinter(nanoTime);
    }

    /// The rights that answer a question, with what they were made from.
    private record Known(
            CachedTable table, RoleFacts role, @Nullable TablePublication publishing, TableRights rights) {
        @SuppressWarnings("ReferenceEquality") // a table is made anew whenever anything about it changed
        boolean isOf(CachedTable table, RoleFacts role, @Nullable TablePublication publishing) {
            return this.table == table && Objects.equals(this.publishing, publishing) && this.role.equals(role);
        }
    }

    @Override
    public Reading read(Set<AccessQuestion> questions) throws SQLException {
        tables.forget();
        rights.forget();
        functions.forget();
        printer.forget();
        for (int i = 1; ; i++) {
            Round round = new Round(questions);
            try (Connection connection = isolated.getConnection()) {
                boolean isComplete = round.read(connection);
                connection.rollback();
                connection.setAutoCommit(true);
                if (isComplete || i == ROUNDS_MAX) {
                    return round.reading();
                }
            }
        }
    }

    /// One attempt to read. Used by one thread.
    private final class Round {
        private final Set<AccessQuestion> questions;
        private final TableFailures failures = new TableFailures();
        private final Map<TableId, CachedTable> known = new HashMap<>();
        private final Set<TableId> changed = new HashSet<>();
        private PgSnapshot snapshot = PgSnapshot.parse("0:0:", Lsn.ZERO);
        private Map<String, RoleFacts> roles = Map.of();
        private Map<TableId, TableVersion> versions = Map.of();
        private Set<TableId> unsettled = Set.of();

        Round(Set<AccessQuestion> questions) {
            this.questions = questions;
        }

        /// Reads. Returns false when something changed meanwhile.
        boolean read(Connection connection) throws SQLException {
            CatalogQueries queries = new CatalogQueries(connection);
            UnsettledTables unsettledTables = new UnsettledTables(connection);
            unsettledTables.readLocks();
            snapshot = queries.begin();
            Map<String, RoleFacts> named = queries.roles(
                    Set.copyOf(questions.stream().map(AccessQuestion::role).toList()), evaluator);
            Map<String, RoleFacts> complete = settings.read(connection, named, evaluator);
            if (complete == null) {
                renew.run();
                return false;
            }
            roles = complete;
            versions = queries.tables(tablesAsked(), publication);
            List<CachedTable> fresh = new Reader(queries).read();
            queries.end();
            List<CachedTable> unprinted = new ArrayList<>();
            for (CachedTable table : fresh) {
                if (table.unprinted().isEmpty()) {
                    keep(table);
                } else {
                    unprinted.add(table);
                }
            }
            print(connection, unprinted);
            unsettled = unsettledTables.of(versions.values(), snapshot);
            return changed.isEmpty();
        }

        private Set<TableId> tablesAsked() {
            return Set.copyOf(questions.stream().map(AccessQuestion::table).toList());
        }

        private void keep(CachedTable table) {
            known.put(table.facts().table(), table);
            tables.put(table.facts().table(), table);
        }

        private void print(Connection connection, List<CachedTable> unprinted) throws SQLException {
            PolicyPrinter.Outcome outcome = printer.print(connection, unprinted, snapshot);
            changed.addAll(outcome.changed());
            outcome.failures().forEach(failures::add);
            if (!outcome.tables().isEmpty()) {
                CatalogQueries queries = new CatalogQueries(connection);
                queries.begin();
                verify(queries, outcome.tables());
                queries.end();
            }
        }

        /// Keeps the tables of which nothing changed since the snapshot. Their printed texts are then those
        /// of the snapshot.
        private void verify(CatalogQueries queries, List<CachedTable> printed) throws SQLException {
            Map<TableId, TableVersion> now = queries.tables(
                    printed.stream().map(table -> table.facts().table()).toList(), publication);
            CatalogObjects objects = new CatalogObjects(queries);
            look(objects, printed.stream().map(CachedTable::mentioned).toList());
            for (CachedTable table : printed) {
                TableId id = table.facts().table();
                TableVersion version = now.get(id);
                if (version != null
                        && version.isSameState(table.version())
                        && objects.of(table.mentioned()).equals(table.objects())) {
                    keep(table);
                } else {
                    changed.add(id);
                }
            }
        }

        Reading reading() throws SQLException {
            if (roles.isEmpty() && !questions.isEmpty()) {
                throw new SQLException("the settings of the database change faster than they are read", "40001");
            }
            changed.forEach(table -> failures.add(
                    table, new SQLException("the rights of " + table + " change faster than they are read", "40001")));
            Map<AccessQuestion, TableRights> answers = new HashMap<>();
            for (AccessQuestion question : questions) {
                CachedTable table = known.get(question.table());
                if (table != null && !failures.contains(question.table())) {
                    failures.guard(question.table(), () -> answers.put(question, rights(question, table)));
                }
            }
            answers.keySet().removeIf(question -> failures.contains(question.table()));
            Set<TableId> answered = new HashSet<>(unsettled);
            answered.removeIf(failures::contains);
            return new Reading(snapshot, answers, failures.all(), answered);
        }

        private TableRights rights(AccessQuestion question, CachedTable table) {
            RoleFacts role = requireNonNull(roles.get(question.role()));
            TablePublication publishing =
                    requireNonNull(versions.get(question.table())).publishing();
            Known before = rights.get(question);
            if (before != null && before.isOf(table, role, publishing)) {
                return before.rights;
            }
            TableRights made = table.rights(role, publishing);
            TableRights kept = before != null && before.rights.equals(made) ? before.rights : made;
            rights.put(question, new Known(table, role, publishing, kept));
            return kept;
        }

        /// Reads the tables that are not in the cache, or changed.
        private final class Reader {
            private final CatalogQueries queries;
            private final CatalogObjects objects;

            Reader(CatalogQueries queries) {
                this.queries = queries;
                this.objects = new CatalogObjects(queries);
            }

            /// Reads them. Some of their policies may be unprinted.
            ///
            /// @return the tables that were read
            List<CachedTable> read() throws SQLException {
                Map<TableId, CachedTable> before = new HashMap<>();
                for (TableVersion version : versions.values()) {
                    CachedTable table = tables.get(version.table());
                    if (table != null) {
                        before.put(version.table(), table);
                    }
                }
                look(
                        objects,
                        before.values().stream().map(CachedTable::mentioned).toList());
                List<TableVersion> fresh = new ArrayList<>();
                for (TableVersion version : versions.values()) {
                    CachedTable table = before.get(version.table());
                    if (table != null
                            && version.isSameState(table.version())
                            && objects.of(table.mentioned()).equals(table.objects())) {
                        known.put(version.table(), table);
                    } else {
                        fresh.add(version);
                    }
                }
                return fresh.isEmpty() ? List.of() : read(fresh, before);
            }

            private List<CachedTable> read(List<TableVersion> fresh, Map<TableId, CachedTable> before)
                    throws SQLException {
                Map<Long, TableFacts> facts = queries.facts(fresh, failures);
                Map<Long, List<StoredPolicy>> policies = queries.policies(fresh, failures);
                Set<Long> mentioned = new HashSet<>();
                fresh.forEach(version -> failures.guard(
                        version.table(),
                        () -> mentioned.addAll(mentioned(
                                requireNonNull(facts.get(version.oid())),
                                policies.getOrDefault(version.oid(), List.of())))));
                objects.look(mentioned, Set.of());
                List<CachedTable> read = new ArrayList<>();
                for (TableVersion version : fresh) {
                    if (failures.contains(version.table())) {
                        continue;
                    }
                    try {
                        CachedTable table = known(
                                version,
                                requireNonNull(facts.get(version.oid())),
                                policies.getOrDefault(version.oid(), List.of()));
                        read.add(table.withExpressions(table.stillPrinted(before.get(version.table()))));
                    } catch (RuntimeException | StackOverflowError e) {
                        failures.addNotUnderstood(version.table(), e);
                    }
                }
                return read;
            }

            private CachedTable known(TableVersion version, TableFacts facts, List<StoredPolicy> policies)
                    throws SQLException {
                List<NodeTree> trees = policies.stream().map(StoredPolicy::tree).toList();
                Set<Long> oids = mentioned(facts, policies);
                FunctionBodies.Found found = functions.follow(TreeReferences.functions(trees), objects, queries);
                oids.addAll(found.oids());
                Mentioned mentioned = new Mentioned(oids, found.names());
                return new CachedTable(
                        version,
                        facts,
                        policies,
                        mentioned,
                        objects.of(mentioned),
                        found.functions(),
                        operators(TreeReferences.operators(trees), objects),
                        Map.of());
            }
        }

        private static Set<Long> mentioned(TableFacts facts, List<StoredPolicy> policies) {
            Set<Long> oids = facts.objects();
            oids.add(facts.oid());
            for (StoredPolicy policy : policies) {
                oids.addAll(TreeReferences.names(policy.tree()));
            }
            oids.addAll(TreeReferences.relations(
                    policies.stream().map(StoredPolicy::tree).toList()));
            return oids;
        }
    }

    private static void look(CatalogObjects objects, Collection<Mentioned> all) throws SQLException {
        Set<Long> oids = new HashSet<>();
        Set<String> names = new HashSet<>();
        all.forEach(mentioned -> {
            oids.addAll(mentioned.oids());
            names.addAll(mentioned.functions());
        });
        objects.look(oids, names);
    }

    private Map<Long, Operator> operators(Set<Long> oids, CatalogObjects objects) throws SQLException {
        Set<Long> unknown = new HashSet<>(oids);
        unknown.removeAll(operators.keySet());
        objects.look(unknown, Set.of());
        Map<Long, Operator> found = new HashMap<>();
        for (long oid : oids) {
            for (CatalogObject object : objects.of(oid)) {
                if (object.kind() == 'o' && oid < CatalogObject.FIRST_USER_OID) {
                    operators.put(oid, object);
                } else if (object.kind() == 'o') {
                    found.put(oid, operator(object));
                }
            }
            CatalogObject own = operators.get(oid);
            if (own != null) {
                found.put(oid, operator(own));
            }
        }
        return found;
    }

    private static Operator operator(CatalogObject object) {
        return new Operator(
                object.facts().get(0),
                Long.parseLong(object.facts().get(1)),
                Long.parseLong(object.facts().get(2)));
    }
}
