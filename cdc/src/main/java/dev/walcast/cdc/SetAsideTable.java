package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A table that the reader set aside in a transaction because it could not read a row. The reader skips the
/// table until Postgres describes it again and the reader can read it. All other tables continue.
///
/// @param reason      a message for the log
/// @param isReadAgain whether later rows of the same transaction were read
public record SetAsideTable(TableId table, String reason, boolean isReadAgain) {
    public SetAsideTable {
        requireNonNull(table, "table is null");
        requireNonNull(reason, "reason is null");
    }
}
