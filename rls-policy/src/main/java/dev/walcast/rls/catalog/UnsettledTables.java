package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.sql.SqlFile;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds the tables whose rights are being changed by a transaction that may already be committed in the log. Used
/// with one connection by one thread.
final class UnsettledTables {
    private static final String LOCKS = SqlFile.read(UnsettledTables.class, "locks.sql");
    private static final String TRANSACTIONS = SqlFile.read(UnsettledTables.class, "transactions.sql");
    private static final Set<String> IDLE = Set.of("idle in transaction", "idle in transaction (aborted)");

    private final Connection connection;

    /// Transactions that held an exclusive lock of a table and did not wait for their client, by the table's oid.
    private final Map<Long, Set<Long>> holders = new HashMap<>();

    UnsettledTables(Connection connection) {
        this.connection = requireNonNull(connection, "connection is null");
    }

    /// Reads the locks. Call this before taking the snapshot: a transaction that holds no lock now is shown by the
    /// snapshot, or is not in the log yet.
    void readLocks() throws SQLException {
        CatalogQueries queries = new CatalogQueries(connection);
        queries.beginLatest(CatalogQueries.LOCK_TIMEOUT);
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(LOCKS)) {
            while (rows.next()) {
                if (!IDLE.contains(String.valueOf(rows.getString("state")))) {
                    holders.computeIfAbsent(rows.getLong("relation"), _ -> new HashSet<>())
                            .add(Long.parseUnsignedLong(rows.getString("xid")));
                }
            }
        } finally {
            queries.end();
        }
    }

    /// Returns the unsettled tables among these.
    Set<TableId> of(Collection<TableVersion> tables, PgSnapshot snapshot) throws SQLException {
        Set<TableId> unsettled = new HashSet<>();
        Map<Long, Set<TableId>> writers = new HashMap<>();
        for (TableVersion table : tables) {
            Set<Long> held = holders.getOrDefault(table.oid(), Set.of());
            if (held.stream().anyMatch(holder -> !snapshot.contains(holder))) {
                unsettled.add(table.table());
            }
            // A visible row that a transaction before the snapshot wrote to: that transaction was rolled back.
            table.changing().stream()
                    .map(snapshot::full)
                    .filter(writer -> writer >= snapshot.xmin())
                    .forEach(writer -> writers.computeIfAbsent(writer, _ -> new HashSet<>())
                            .add(table.table()));
        }
        if (!writers.isEmpty()) {
            writers.keySet().removeAll(notCommitting(List.copyOf(writers.keySet())));
            writers.values().forEach(unsettled::addAll);
        }
        return unsettled;
    }

    private Set<Long> notCommitting(List<Long> transactions) throws SQLException {
        Set<Long> not = new HashSet<>();
        CatalogQueries queries = new CatalogQueries(connection);
        queries.beginLatest(CatalogQueries.LOCK_TIMEOUT);
        try (PreparedStatement statement = connection.prepareStatement(TRANSACTIONS)) {
            Object[] texts = transactions.stream().map(Long::toUnsignedString).toArray();
            statement.setArray(1, connection.createArrayOf("text", texts));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    if (rows.getBoolean("aborted") || rows.getBoolean("idle")) {
                        not.add(Long.parseUnsignedLong(rows.getString("xid")));
                    }
                }
            }
        } finally {
            queries.end();
        }
        return not;
    }
}
