package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// One committed row event.
public sealed interface Change {
    Table table();

    Position position();

    Commit commit();

    /// A rough size in memory, for bounds.
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

    /// @param oldRow the replica identity's columns before the change; all others are [MissingReason#NOT_IN_IDENTITY]
    /// @param newRow large values that the change left alone are taken from the old row when that has them
    record Update(Table table, Position position, Commit commit, Row oldRow, Row newRow) implements Change {
        public Update {
            requireNonNull(oldRow, "oldRow is null");
            newRow = newRow.completedFrom(oldRow);
        }
    }

    /// @param oldRow the replica identity's columns; all others are [MissingReason#NOT_IN_IDENTITY]
    record Delete(Table table, Position position, Commit commit, Row oldRow) implements Change {
        public Delete {
            requireNonNull(oldRow, "oldRow is null");
        }
    }

    /// One for each table that a TRUNCATE emptied.
    record Truncate(Table table, Position position, Commit commit) implements Change {}
}
