package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Asks another catalog once for all joins that wait for the same answer: which tables are published, and whether a
/// role exists. A join never gets an answer that was begun before it. Safe for any thread.
public final class RecentCatalog implements Catalog {
    private static final String PUBLISHED = "";

    private final Catalog catalog;
    private final SharedQuestions<String, Boolean> roles = new SharedQuestions<>();
    private final SharedQuestions<String, Set<TableId>> tables = new SharedQuestions<>();

    public RecentCatalog(Catalog catalog) {
        this.catalog = requireNonNull(catalog, "catalog is null");
    }

    @Override
    public @Nullable Set<TableId> publishedTables() throws SQLException {
        return tables.get(PUBLISHED, catalog::publishedTables);
    }

    @Override
    public boolean roleExists(String role) throws SQLException {
        return Boolean.TRUE.equals(roles.get(role, () -> catalog.roleExists(role)));
    }

    @Override
    public Map<Question, TableAccess> access(Collection<Question> questions) throws SQLException {
        return catalog.access(questions);
    }

    @Override
    public List<String> columnsOfTypes(Collection<String> typeNames) throws SQLException {
        return catalog.columnsOfTypes(typeNames);
    }
}
