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

/// Lets Postgres print policies. That takes a lock of the table, and shows the catalog as it is at that time: the
/// caller must compare the state of before with the state of after. Safe for any thread.
final class PolicyPrinter {
    /// How long the first attempt waits, of all tables together.
    private static final Duration FIRST_WAIT = Duration.ofMillis(20);

    /// How long one table is waited for.
    private static final Duration WAIT = Duration.ofMillis(80);

    /// How long a table is waited for that was locked a moment ago, or after others were.
    private static final Duration SHORT_WAIT = Duration.ofMillis(1);

    private static final int LOCKED_MAX = 10_000;
    private static final int TRANSACTIONS_TRIES_MAX = 50;

    private static final String PRINT = SqlFile.read(PolicyPrinter.class, "print-policies.sql");

    /// A transaction is seen before it tells others to forget what they know of the catalog, and ends its own lock only
    /// after that.
    private static final String ENDING = """
            select pg_catalog.array_agg(l.transactionid::text) from pg_catalog.pg_locks l
             where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
             group by l.virtualtransaction""";

    private final IdleExpiryCache<TableId, Boolean> lockedLately;

    PolicyPrinter(LongSupplier nanoTime) {
        this.lockedLately = new IdleExpiryCache<>(LOCKED_MAX, nanoTime);
    }

    /// What could be printed.
    ///
    /// @param tables   with all expressions
    /// @param changed  those that changed meanwhile
    /// @param failures why others could not be printed for now
    record Outcome(List<CachedTable> tables, Set<TableId> changed, Map<TableId, SQLException> failures) {}

    /// @param tables as they were at the moment
    Outcome print(Connection connection, Collection<CachedTable> tables, PgSnapshot moment) throws SQLException {
        Outcome outcome = new Outcome(new ArrayList<>(), new HashSet<>(), new HashMap<>());
        if (tables.isEmpty()) {
            return outcome;
        }
        if (!isToldToAll(connection, moment)) {
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

    /// Whether every transaction that the moment shows has told this connection what it changed.
    private static boolean isToldToAll(Connection connection, PgSnapshot moment) throws SQLException {
        CatalogQueries queries = new CatalogQueries(connection);
        for (int i = 0; i < TRANSACTIONS_TRIES_MAX; i++) {
            boolean isEnding = false;
            queries.beginLatest(WAIT);
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(ENDING)) {
                while (rows.next()) {
                    isEnding |= isShown((String[]) rows.getArray(1).getArray(), moment);
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

    /// @param transactions one with its subtransactions; of these alone the moment does not know when they run
    private static boolean isShown(String[] transactions, PgSnapshot moment) {
        return Stream.of(transactions).allMatch(transaction -> moment.contains(Long.parseUnsignedLong(transaction)));
    }

    private boolean printTogether(Connection connection, List<CachedTable> tables, Outcome outcome) throws SQLException {
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
                    // An object that is mentioned was dropped meanwhile, say.
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

    /// By oid; a policy of a table that was dropped is missing.
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
