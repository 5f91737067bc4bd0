package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;

/// The identity of a row as [KnownKeys] remembers it: a keyed hash of its replica identity's values. Another process
/// cannot use it.
///
/// @param generation the table's generation; see [KnownKeys#forgetTable(TableId)]
public record RowKey(TableId table, long generation, long high, long low) {
    public RowKey {
        requireNonNull(table, "table is null");
    }
}
