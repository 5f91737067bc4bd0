package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A committed change of one row, or of one table for TRUNCATE.
public sealed interface Change {
    Table table();

    Position position();

    Commit commit();

    /// Returns an estimate of its size in memory, in bytes.
    default long bytes() {
        return 64
                + switch (this) {
                    case Insert insert -> insert.newRow.bytes();
                    case Update update -> update.oldRow.bytes() + update.newRow.bytes();
                    case Delete delete -> delete.oldRow.bytes();
                    case Truncate _ -> 0;
                };
    }

    record Insert(Table table, Position position, Commit commit, Row newRow) implements Change {
        public Insert {
            requireNonNull(newRow, "newRow is null");
        }
    }

    /// @param oldRow the replica identity's columns before the change; all other columns are
    ///               [MissingReason#NOT_IN_IDENTITY]
    /// @param newRow large values that the change left unchanged are taken from the old row where it has them
    record Update(Table table, Position position, Commit commit, Row oldRow, Row newRow) implements Change {
        public Update {
            requireNonNull(oldRow, "oldRow is null");
            newRow = newRow.completedFrom(oldRow);
        }
    }

    /// @param oldRow the replica identity's columns; all other columns are [MissingReason#NOT_IN_IDENTITY]
    record Delete(Table table, Position position, Commit commit, Row oldRow) implements Change {
        public Delete {
            requireNonNull(oldRow, "oldRow is null");
        }
    }

    /// A TRUNCATE of one table. A statement that empties several tables makes one change for each.
    record Truncate(Table table, Position position, Commit commit) implements Change {}
}
