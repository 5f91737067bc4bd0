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

/// Describes one table and the grants on it, as the catalog had them at one moment. Grantees are oids of roles; PUBLIC
/// is 0.
///
/// @param schemaUsers the roles with USAGE on its schema
/// @param readers     the roles with SELECT on the whole table
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

    /// One column and the grants on it.
    ///
    /// @param column    the column, as a role has it that may not read it
    /// @param collation oid; 0 for none
    /// @param readers   the roles with SELECT on this column
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

    /// Returns what the role may do, as `has_schema_privilege` and `has_column_privilege` decide. A role as which
    /// the server may not act reads nothing.
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

    /// Returns the oids of the columns' types and collations that users have created.
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
