package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.types.TypeCatalog;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Forgets dropped tables once there are many tables. A table may only be forgotten when the reader has passed
/// its end, because Postgres does not describe it again for rows that are still to come. Used by the reader's
/// thread only.
final class DroppedTables {
    static final int LOOK_FROM = 10_000;

    /// The position in the log is read after the statement's snapshot, so the tables were dropped before it.
    private static final String DROPPED = """
            select t.oid, pg_catalog.pg_current_wal_insert_lsn()
              from pg_catalog.unnest(?::pg_catalog.oid[]) t (oid)
             where not exists (select from pg_catalog.pg_class c where c.oid = t.oid)""";

    private final TypeCatalog.Connections catalog;
    private final int lookFromMin;
    private final Set<Integer> dropped = new HashSet<>();
    private Lsn droppedBy = Lsn.ZERO;
    private int lookFrom;

    /// @param lookFromMin how many tables may be known before the catalog is asked
    DroppedTables(TypeCatalog.Connections catalog, int lookFromMin) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.lookFromMin = lookFromMin;
        this.lookFrom = lookFromMin;
    }

    /// Records that the oid is in use at this position in the log.
    void described(int oid) {
        dropped.remove(oid);
    }

    /// Removes dropped tables. Asks the catalog only when the number of tables has doubled since the last time.
    ///
    /// @param tables   by oid
    /// @param received the end of a transaction that was received completely
    void removeFrom(Map<Integer, ?> tables, Lsn received) throws SQLException {
        if (tables.size() < lookFrom) {
            return;
        }
        if (dropped.isEmpty()) {
            look(tables.keySet());
        }
        if (!droppedBy.isAfter(received)) {
            tables.keySet().removeAll(dropped);
            dropped.clear();
            lookFrom = Math.max(lookFromMin, 2 * tables.size());
        }
    }

    private void look(Collection<Integer> oids) throws SQLException {
        droppedBy = Lsn.ZERO;
        try (PreparedStatement statement = catalog.get().prepareStatement(DROPPED)) {
            statement.setString(
                    1, oids.stream().map(Integer::toUnsignedString).collect(Collectors.joining(",", "{", "}")));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    dropped.add((int) rows.getLong(1));
                    droppedBy = Lsn.parse(rows.getString(2));
                }
            }
        }
    }
}
