package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.RoleStanding;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.TablePublication;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one table is and who was granted what on it, as the catalog had it at one moment. Grantees are oids of roles;
/// PUBLIC is 0.
///
/// @param schemaUsers who was granted USAGE on its schema
/// @param readers     who was granted SELECT on all of it
record TableFacts(
        TableId table,
        long oid,
        long owner,
        boolean rowSecurity,
        boolean forced,
        Set<Long> schemaUsers,
        Set<Long> readers,
        List<ColumnFacts> columns) {
    TableFacts {
        requireNonNull(table, "table is null");
        schemaUsers = Set.copyOf(schemaUsers);
        readers = Set.copyOf(readers);
        columns = List.copyOf(columns);
    }

    /// @param column    as a role has it that may not read it
    /// @param collation oid; 0 for none
    /// @param readers   who was granted SELECT on this column
    record ColumnFacts(ColumnAccess column, long collation, Set<Long> readers) {
        ColumnFacts {
            requireNonNull(column, "column is null");
            readers = Set.copyOf(readers);
        }

        private ColumnAccess access(boolean readable) {
            return new ColumnAccess(
                    column.name(),
                    column.number(),
                    readable,
                    column.type(),
                    column.typeName(),
                    column.key(),
                    column.identity(),
                    column.generated(),
                    column.virtual(),
                    column.large());
        }
    }

    /// What the role may do, as `has_schema_privilege` and `has_column_privilege` decide; a role that must not be used
    /// reads nothing.
    TableAccess access(RoleFacts role, @Nullable TablePublication publishing) {
        boolean usable = role.standing() == RoleStanding.USABLE;
        boolean readsAll = role.isAmong(readers) || role.readsAllTables();
        List<ColumnAccess> accesses = new ArrayList<>(columns.size());
        for (ColumnFacts column : columns) {
            accesses.add(column.access(usable && (readsAll || role.isAmong(column.readers))));
        }
        return new TableAccess(
                table,
                oid,
                role.standing(),
                publishing,
                usable && (role.isAmong(schemaUsers) || role.usesAllSchemas()),
                role.isBoundByRowSecurity(rowSecurity, forced, owner),
                accesses,
                role.settings());
    }

    /// Oids of the types and collations of users that the columns have.
    Set<Long> objects() {
        Set<Long> oids = new HashSet<>();
        for (ColumnFacts column : columns) {
            oids.add(column.column.type().oid());
            oids.add(column.collation);
        }
        oids.removeIf(oid -> oid < CatalogObject.FIRST_USER_OID);
        return oids;
    }
}
