package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A table with rows in a transaction that the reader could not read. Its reader leaves the table out until Postgres
/// describes it again in a way that the reader can follow; all other tables go on.
///
/// @param reason      one sentence for the log
/// @param isReadAgain whether later rows of the same transaction were read
public record SetAsideTable(TableId table, String reason, boolean isReadAgain) {
    public SetAsideTable {
        requireNonNull(table, "table is null");
        requireNonNull(reason, "reason is null");
    }
}
