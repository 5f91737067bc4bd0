package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;

/// A place in the log from which on a table's rows need rights that were read later. Postgres announces such a place
/// after anything that may have changed the table's rights.
///
/// Made by [Rights#mark]; confirmed for good once a reading shows every transaction up to the one it stands in. Safe
/// for any thread.
public final class RightsMark {
    private final TableMarks table;
    private final long number;
    private final long database;

    /// @param number   of the table's last mark
    /// @param database of the last mark of all tables
    RightsMark(TableMarks table, long number, long database) {
        this.table = requireNonNull(table, "table is null");
        this.number = number;
        this.database = database;
    }

    public TableId table() {
        return table.id();
    }

    /// Whether the rights now at hand were in force at this place or later.
    public boolean isConfirmed() {
        return table.confirmedThrough() >= number && table.databaseConfirmedThrough() >= database;
    }

    long database() {
        return database;
    }

    TableMarks marks() {
        return table;
    }
}
