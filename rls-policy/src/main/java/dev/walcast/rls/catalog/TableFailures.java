package dev.walcast.rls.catalog;

import dev.walcast.cdc.TableId;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/// Collects the tables that could not be read, so that an error with one table does not affect the others. Used by
/// one thread.
final class TableFailures {
    private final Map<TableId, SQLException> failures = new HashMap<>();

    /// Work for one table.
    @FunctionalInterface
    interface Work {
        void run() throws SQLException;
    }

    /// Runs the work. A failure is recorded for the table, and not thrown.
    void guard(TableId table, Work work) {
        try {
            work.run();
        } catch (SQLException e) {
            add(table, e);
        } catch (RuntimeException | StackOverflowError e) {
            addNotUnderstood(table, e);
        }
    }

    void addNotUnderstood(TableId table, Throwable cause) {
        add(table, new SQLException("what the catalog has of " + table + " is not understood", cause));
    }

    void add(TableId table, SQLException e) {
        failures.putIfAbsent(table, e);
    }

    boolean contains(TableId table) {
        return failures.containsKey(table);
    }

    Map<TableId, SQLException> all() {
        return failures;
    }
}
