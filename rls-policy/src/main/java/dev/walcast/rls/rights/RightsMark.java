package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;

/// A place in the log after which the rows of a table need rights that were read later. Postgres announces such a
/// place after anything that may have changed the rights of the table.
///
/// [Rights#mark] makes marks. A mark is confirmed, and stays so, once a reading shows every transaction up to its
/// own. Safe for any thread.
public final class RightsMark {
    private final TableMarks table;
    private final long number;
    private final long database;

    /// @param number   the number of the table's last mark
    /// @param database the number of the last mark of all tables
    RightsMark(TableMarks table, long number, long database) {
        this.table = requireNonNull(table, "table is null");
        this.number = number;
        this.database = database;
    }

    /// Returns the table.
    public TableId table() {
        return table.id();
    }

    /// Whether the loaded rights were in force at this place or later.
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
