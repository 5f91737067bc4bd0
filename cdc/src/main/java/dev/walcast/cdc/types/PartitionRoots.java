package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Finds the root of a table's partition tree in the current catalog. Used by the reader's thread only.
public final class PartitionRoots {
    private static final String ROOT = """
            select rn.nspname, r.relname, c.relkind = 'p'
              from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              join pg_catalog.pg_class r on r.oid = pg_catalog.pg_partition_root(c.oid)
              join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
             where n.nspname = ? and c.relname = ?""";

    private final TypeCatalog.Connections catalog;

    public PartitionRoots(TypeCatalog.Connections catalog) {
        this.catalog = requireNonNull(catalog, "catalog is null");
    }

    /// A table's position in its partition tree.
    ///
    /// @param root          the root of the tree; the table itself when it is no partition, or no longer exists
    /// @param isPartitioned whether the table has partitions itself
    public record PartitionRoot(TableId root, boolean isPartitioned) {}

    /// Returns the root for a table.
    public PartitionRoot of(TableId id) throws SQLException {
        try (PreparedStatement statement = catalog.get().prepareStatement(ROOT)) {
            statement.setString(1, id.schema());
            statement.setString(2, id.name());
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new PartitionRoot(new TableId(row.getString(1), row.getString(2)), row.getBoolean(3))
                        : new PartitionRoot(id, false);
            }
        }
    }
}
