package dev.walcast.server.snapshot;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.rowkeys.RowKey;
import java.util.List;

/// A part of the rows of a reading.
///
/// @param keys of its rows; empty when no receiver remembers rows; shared, never written to
public record ReadRows(SnapshotChunk chunk, List<RowKey> keys) {
    public ReadRows {
        requireNonNull(chunk, "chunk is null");
        requireNonNull(keys, "keys is null");
    }
}
