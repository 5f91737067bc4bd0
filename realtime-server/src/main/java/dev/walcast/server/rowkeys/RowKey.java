package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;

/// A row's identity as [KnownKeys] remembers it: a keyed hash of the values of its replica identity. Means nothing to
/// another process.
///
/// @param generation of the table; see [KnownKeys#forgetTable(TableId)]
public record RowKey(TableId table, long generation, long high, long low) {
    public RowKey {
        requireNonNull(table, "table is null");
    }
}
