package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Asks another once for all who join within a second: which tables are published, and whether a role exists. That
/// something is missing is not remembered, so that who makes it need not wait; rights are [Rights]' to remember.
public final class RecentCatalog implements Catalog {
    private final Catalog catalog;
    private final Recent<String, Boolean> roles;
    private final Recent<String, Set<TableId>> tables;

    /// @param nanoTime a monotonic clock
    public RecentCatalog(Catalog catalog, LongSupplier nanoTime) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.roles = new Recent<>(nanoTime);
        this.tables = new Recent<>(nanoTime);
    }

    @Override
    public @Nullable Set<TableId> publishedTables() throws SQLException {
        return tables.<SQLException, SQLException>get("published", catalog::publishedTables);
    }

    @Override
    public boolean roleExists(String role) throws SQLException {
        return roles.<SQLException, SQLException>get(role, () -> catalog.roleExists(role) ? Boolean.TRUE : null)
                != null;
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
