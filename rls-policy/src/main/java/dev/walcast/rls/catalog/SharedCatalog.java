package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.RelationFacts;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.cache.SharedQuestions;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A catalog that asks another catalog once for all joins that wait for the same answer: the published tables, the
/// tables that a role may read, whether a role exists. A join gets no answer that was asked for before the join began
/// ([#asOf]). Safe for any thread.
public final class SharedCatalog implements Catalog {
    private static final String PUBLISHED = "";

    private final Catalog catalog;
    private final SharedQuestions<String, Boolean> roles;
    private final SharedQuestions<String, Set<TableId>> tables;
    private final SharedQuestions<String, Set<TableId>> readable;
    private final LongSupplier since;

    /// Makes a catalog that answers each call with what was asked for after the call began.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public SharedCatalog(Catalog catalog, LongSupplier nanoTime) {
        this(
                catalog,
                new SharedQuestions<>(nanoTime),
                new SharedQuestions<>(nanoTime),
                new SharedQuestions<>(nanoTime),
                nanoTime);
    }

    private SharedCatalog(
            Catalog catalog,
            SharedQuestions<String, Boolean> roles,
            SharedQuestions<String, Set<TableId>> tables,
            SharedQuestions<String, Set<TableId>> readable,
            LongSupplier since) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.roles = requireNonNull(roles, "roles is null");
        this.tables = requireNonNull(tables, "tables is null");
        this.readable = requireNonNull(readable, "readable is null");
        this.since = requireNonNull(since, "since is null");
    }

    @Override
    public Catalog asOf(long earliest) {
        return new SharedCatalog(catalog, roles, tables, readable, () -> earliest);
    }

    @Override
    public @Nullable Set<TableId> publishedTables() throws SQLException {
        return tables.get(PUBLISHED, since.getAsLong(), catalog::publishedTables);
    }

    @Override
    public boolean roleExists(String role) throws SQLException {
        return Boolean.TRUE.equals(roles.get(role, since.getAsLong(), () -> catalog.roleExists(role)));
    }

    @Override
    public Set<TableId> readableTables(String role) throws SQLException {
        return requireNonNull(readable.get(role, since.getAsLong(), () -> catalog.readableTables(role)));
    }

    @Override
    public RelationFacts relation(AccessQuestion question) throws SQLException {
        return catalog.relation(question);
    }

    @Override
    public Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> questions) throws SQLException {
        return catalog.access(questions);
    }
}
