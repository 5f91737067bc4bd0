package dev.walcast.server.changes;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.RelationFacts;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import dev.walcast.server.delivery.PendingLimits;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.rowkeys.KeyMemory;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/// Two tables that every role may read, and a database that answers a regular expression by whether the row's id is
/// even, after a delay.
public final class ModelDatabase implements Catalog, FilterDatabase, RowEvaluator, RowReader {
    static final Table BUSY = table("busy");
    static final Table QUIET = table("quiet");

    /// Limits under which nothing is evicted.
    public static final ReplayLimits ROOMY = new ReplayLimits(1L << 30, Duration.ofDays(1), 1L << 40, Duration.ZERO);

    static final RightsLimits HOURS = new RightsLimits(Duration.ofHours(1), Duration.ofHours(2));

    private static final ColumnType INT =
            new ColumnType(20, "pg_catalog.int8", "bigint", "int8", 20, "pg_catalog.int8", List.of(), null, null);
    private static final ColumnType TEXT = new ColumnType(
            25,
            "pg_catalog.text",
            "text",
            "text",
            25,
            "pg_catalog.text",
            List.of(),
            null,
            new ColumnType.Collation(null, true, true, true));

    private final Random random;

    public ModelDatabase(long seed) {
        this.random = new Random(seed);
    }

    private static Table table(String name) {
        return new Table(
                new TableId("public", name),
                List.of(
                        new Column("id", new PgType.Scalar(20, "int8", JsonForm.NUMBER), true),
                        new Column("v", new PgType.Scalar(25, "text", JsonForm.TEXT), true),
                        new Column("n", new PgType.Scalar(20, "int8", JsonForm.NUMBER), true)));
    }

    static Row row(Table table, long id, String text) {
        return Row.of(table).text(0, Long.toString(id)).text(1, text).build();
    }

    static long id(Row row) {
        return Long.parseLong(String.valueOf(row.text(0)));
    }

    @Override
    public Set<TableId> publishedTables() {
        return Set.of(BUSY.id(), QUIET.id());
    }

    @Override
    public Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> questions) {
        Map<AccessQuestion, TableAccess> access = new HashMap<>();
        for (AccessQuestion question : questions) {
            List<TableAccess.ColumnAccess> columns = List.of(
                    new TableAccess.ColumnAccess("id", 1, true, INT, "int8", true, true, false),
                    new TableAccess.ColumnAccess("v", 2, true, TEXT, "text", false, true, false),
                    new TableAccess.ColumnAccess("n", 3, true, INT, "int8", false, true, false));
            access.put(question, new TableAccess(question.table(), true, true, false, columns));
        }
        return access;
    }

    /// Shows every transaction of the tests, whose ids are near zero or near where ids of 32 bits begin again.
    static RightsReader.Reading reading(Catalog catalog, Set<AccessQuestion> questions) throws SQLException {
        Map<AccessQuestion, TableRights> rights = new HashMap<>();
        catalog.access(questions)
                .forEach((question, access) -> rights.put(question, TableRights.withoutPolicies(access)));
        long end = (1L << 40) + (1 << 30);
        return new RightsReader.Reading(new PgSnapshot(end, end, Set.of(), Lsn.ZERO), rights, Map.of(), Set.of());
    }

    @Override
    public Reading open(RowQuery query) {
        throw new AssertionError("no client asked for rows");
    }

    @Override
    public void moveOn() {}

    @Override
    public Set<TableId> readableTables(String role) {
        return publishedTables();
    }

    /// Asked only of a table that the role may not read; all are published.
    @Override
    public RelationFacts relation(AccessQuestion question) {
        RelationFacts.Publication publication =
                new RelationFacts.Publication("supabase_realtime", true, false, List.of(), null, true, 18);
        return new RelationFacts(
                question.table(), true, true, false, 'r', 'p', false, true, true, Optional.empty(), publication);
    }

    @Override
    public boolean roleExists(String role) {
        return true;
    }

    @Override
    public String canonical(RoleSession session, ColumnType type, String value) {
        return value;
    }

    @Override
    public List<@Nullable String> canonicalElements(RoleSession session, ColumnType type, String arrayLiteral) {
        return new ArrayList<>();
    }

    @Override
    public String operatorSchema(String operator, long left, long right) {
        return "pg_catalog";
    }

    @Override
    public void check(ColumnQuestion question, @Nullable String value) {}

    @Override
    public Outcome ask(Set<Asked> asked) {
        LockSupport.parkNanos(random.nextInt(300_000));
        Map<Asked, Truth> answers = new HashMap<>();
        for (Asked question : asked) {
            answers.put(question, answer(question.row()));
        }
        return new Outcome(answers, Map.of());
    }

    /// To every question.
    static Truth answer(Row row) {
        return id(row) % 2 == 0 ? Truth.TRUE : Truth.FALSE;
    }

    /// Creates a change path for its tables. Parameters may replace its answers.
    public ChangePath path(
            Catalog catalog, RowEvaluator oracle, RowReader rows, ReplayLimits limits, LongSupplier nanoTime) {
        Rights rights = new Rights(questions -> reading(catalog, questions), HOURS, System::nanoTime);
        return path(rights, catalog, oracle, rows, limits, PendingLimits.USUAL, nanoTime);
    }

    ChangePath path(
            Rights rights,
            Catalog catalog,
            RowEvaluator oracle,
            RowReader rows,
            ReplayLimits limits,
            PendingLimits pending,
            LongSupplier nanoTime) {
        return new ChangePath(
                new ChangePath.Database(
                        catalog, rights, new RowPolicies(new PGSimpleDataSource()), this, oracle, rows, "p"),
                RowGuard.DeleteVisibility.STRICT,
                1 << 20,
                limits,
                pending,
                KeyMemory.of(1 << 20),
                nanoTime);
    }
}
