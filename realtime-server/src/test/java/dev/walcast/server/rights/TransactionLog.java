package dev.walcast.server.rights;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// Runs the test's transactions and reads, from its own replication slot, the order in which they were committed.
final class TransactionLog {
    private static final String SLOT = "order_of_commits";

    private final Map<Long, LoggedTransaction> byXid = new ConcurrentHashMap<>();
    private final Map<String, Integer> failures = new ConcurrentHashMap<>();

    /// @param end the end of the commit record, as positions of changes have it
    record Ordered(LoggedTransaction transaction, long end) {}

    static void createSlot(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select pg_create_logical_replication_slot('" + SLOT + "', 'test_decoding')");
        }
    }

    /// Runs the parts in one transaction; false when it was rolled back. A row that is not there is left out.
    boolean run(Connection connection, Optional<RightsOperation> operation, List<RightsOperation.Part> parts) {
        try (Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            List<RowChange> rows = new ArrayList<>();
            for (RightsOperation.Part part : parts) {
                switch (part) {
                    case RightsOperation.Statement fixed -> statement.execute(fixed.sql());
                    case RightsOperation.Row row -> {
                        if (statement.executeUpdate(row.change().sql()) == 1) {
                            rows.add(row.change());
                        }
                    }
                }
            }
            commit(connection, operation, rows);
            return true;
        } catch (SQLException e) {
            failures.merge(
                    e.getSQLState() + " "
                            + operation.map(RightsOperation::label).orElse("rows"),
                    1,
                    Integer::sum);
            rollBack(connection);
            return false;
        }
    }

    /// Transactions that were rolled back, by state and operation.
    Map<String, Integer> failures() {
        return new TreeMap<>(failures);
    }

    private void commit(Connection connection, Optional<RightsOperation> operation, List<RowChange> rows)
            throws SQLException {
        long xid = xid(connection);
        long committing = System.nanoTime();
        connection.commit();
        byXid.put(xid, new LoggedTransaction(xid, committing, System.nanoTime(), operation, List.copyOf(rows)));
    }

    private static long xid(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select pg_current_xact_id()::text")) {
            result.next();
            return Long.parseLong(result.getString(1));
        }
    }

    private static void rollBack(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The transactions in the order of the log, without those that changed nothing. Call it once, after the last
    /// write.
    List<Ordered> ordered(Connection connection) throws SQLException {
        List<Ordered> ordered = new ArrayList<>();
        String sql = "select xid::text, lsn - '0/0' from pg_logical_slot_get_changes('" + SLOT
                + "', null, null, 'skip-empty-xacts', '0') where data like 'COMMIT%'";
        try (Statement statement = connection.createStatement();
                ResultSet commits = statement.executeQuery(sql)) {
            while (commits.next()) {
                LoggedTransaction transaction = byXid.get(Long.parseLong(commits.getString(1)));
                if (transaction != null) {
                    ordered.add(new Ordered(transaction, commits.getLong(2)));
                }
            }
        }
        long withRows = ordered.stream()
                .filter(one -> !one.transaction().rows().isEmpty())
                .count();
        if (withRows
                != byXid.values().stream().filter(one -> !one.rows().isEmpty()).count()) {
            throw new IllegalStateException("not every transaction is in the log");
        }
        return ordered;
    }

    /// Every version of every row.
    Map<Integer, RowImage> images() {
        Map<Integer, RowImage> images = new HashMap<>();
        for (LoggedTransaction transaction : byXid.values()) {
            for (RowChange change : transaction.rows()) {
                change.image().ifPresent(image -> images.put(image.img(), image));
            }
        }
        return images;
    }
}
