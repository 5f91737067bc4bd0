package dev.walcast.rls.catalog;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.cache.IdleExpiryCache;
import dev.walcast.rls.catalog.CachedTable.Printed;
import dev.walcast.rls.policy.StoredPolicy;
import dev.walcast.rls.sql.SqlFile;
import dev.walcast.rls.sql.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// Makes Postgres print policies. Printing locks the table, and shows the catalog as it is then: the caller must
/// compare the states before and after it. Safe for any thread.
final class PolicyPrinter {
    /// How long the first attempt waits for the locks of all tables.
    private static final Duration FIRST_WAIT = Duration.ofMillis(20);

    /// How long to wait for the lock of one table.
    private static final Duration WAIT = Duration.ofMillis(80);

    /// How long to wait for a table that was locked lately, and for any table after another one was locked.
    private static final Duration SHORT_WAIT = Duration.ofMillis(1);

    private static final int LOCKED_MAX = 10_000;
    private static final int TRANSACTIONS_TRIES_MAX = 50;

    private static final String PRINT = SqlFile.read(PolicyPrinter.class, "print-policies.sql");

    /// Finds transactions that are ending. A transaction becomes visible, then invalidates the catalog caches of
    /// other sessions, then releases its own lock.
    private static final String ENDING = """
            select pg_catalog.array_agg(l.transactionid::text) from pg_catalog.pg_locks l
             where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
             group by l.virtualtransaction""";

    private final IdleExpiryCache<TableId, Boolean> lockedLately;

    PolicyPrinter(LongSupplier nanoTime) {
        this.lockedLately = new IdleExpiryCache<>(LOCKED_MAX, nanoTime);
    }

    /// The result of printing.
    ///
    /// @param tables   the printed tables, with all expressions
    /// @param changed  the tables that changed meanwhile
    /// @param failures why other tables could not be printed now
    record Outcome(List<CachedTable> tables, Set<TableId> changed, Map<TableId, SQLException> failures) {}

    /// Prints what is unprinted.
    ///
    /// @param tables   as the snapshot shows them
    /// @param snapshot of the transaction that read them
    Outcome print(Connection connection, Collection<CachedTable> tables, PgSnapshot snapshot) throws SQLException {
        Outcome outcome = new Outcome(new ArrayList<>(), new HashSet<>(), new HashMap<>());
        if (tables.isEmpty()) {
            return outcome;
        }
        if (!isToldToAll(connection, snapshot)) {
            tables.forEach(table -> outcome.changed.add(table.facts().table()));
            return outcome;
        }
        List<CachedTable> free = new ArrayList<>();
        List<CachedTable> locked = new ArrayList<>();
        tables.forEach(table -> (lockedLately.get(table.facts().table()) == null ? free : locked).add(table));
        if (free.size() < 2 || !printTogether(connection, free, outcome)) {
            printEach(connection, free, WAIT, outcome);
        }
        printEach(connection, locked, SHORT_WAIT, outcome);
        return outcome;
    }

    /// Whether every transaction that the snapshot shows has invalidated the catalog caches of this connection.
    private static boolean isToldToAll(Connection connection, PgSnapshot snapshot) throws SQLException {
        CatalogQueries queries = new CatalogQueries(connection);
        for (int i = 0; i < TRANSACTIONS_TRIES_MAX; i++) {
            boolean isEnding = false;
            queries.beginLatest(WAIT);
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(ENDING)) {
                while (rows.next()) {
                    isEnding |= isShown((String[]) rows.getArray(1).getArray(), snapshot);
                }
            } finally {
                queries.end();
            }
            if (!isEnding) {
                return true;
            }
        }
        return false;
    }

    /// @param transactions a transaction with its subtransactions; the snapshot does not list running
    ///                     subtransactions
    private static boolean isShown(String[] transactions, PgSnapshot snapshot) {
        return Stream.of(transactions).allMatch(transaction -> snapshot.contains(Long.parseUnsignedLong(transaction)));
    }

    private boolean printTogether(Connection connection, List<CachedTable> tables, Outcome outcome)
            throws SQLException {
        try {
            Map<Long, String> printed = printed(connection, tables, FIRST_WAIT);
            tables.forEach(table -> take(table, printed, outcome));
            return true;
        } catch (SQLException e) {
            if (SqlStates.saysPostgresIsAway(e)) {
                throw e;
            }
            return false;
        }
    }

    private void printEach(Connection connection, List<CachedTable> tables, Duration firstWait, Outcome outcome)
            throws SQLException {
        Duration wait = firstWait;
        for (CachedTable table : tables) {
            TableId id = table.facts().table();
            try {
                take(table, printed(connection, List.of(table), wait), outcome);
                lockedLately.remove(id);
            } catch (SQLException e) {
                if (SqlStates.saysPostgresIsAway(e)) {
                    throw e;
                }
                if (isLocked(e)) {
                    wait = SHORT_WAIT;
                    lockedLately.put(id, Boolean.TRUE);
                    outcome.failures.put(id, e);
                } else {
                    // For example, an object that the policy mentions was dropped.
                    outcome.changed.add(id);
                }
            }
        }
    }

    private static boolean isLocked(SQLException e) {
        return Set.of("55P03", "57014", "40P01").contains(String.valueOf(e.getSQLState()));
    }

    private static void take(CachedTable table, Map<Long, String> expressions, Outcome outcome) {
        Map<Long, Printed> printed = new HashMap<>(table.expressions());
        for (StoredPolicy policy : table.unprinted()) {
            String expression = expressions.get(policy.oid());
            if (expression == null) {
                outcome.changed.add(table.facts().table());
                return;
            }
            printed.put(policy.oid(), new Printed(policy.tree(), table.names(policy), expression));
        }
        outcome.tables.add(table.withExpressions(printed));
    }

    /// Returns the printed policies by oid. A policy of a dropped table is missing.
    private static Map<Long, String> printed(Connection connection, List<CachedTable> tables, Duration wait)
            throws SQLException {
        CatalogQueries queries = new CatalogQueries(connection);
        Object[] oids = tables.stream()
                .flatMap(table -> table.unprinted().stream())
                .map(StoredPolicy::oid)
                .toArray();
        Map<Long, String> printed = new HashMap<>();
        queries.beginLatest(wait);
        try (PreparedStatement statement = connection.prepareStatement(PRINT)) {
            statement.setArray(1, connection.createArrayOf("oid", oids));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String expression = rows.getString(2);
                    if (expression != null) {
                        printed.put(rows.getLong(1), expression);
                    }
                }
            }
        } finally {
            queries.end();
        }
        return printed;
    }

    void forget() {
        lockedLately.forget();
    }
}
