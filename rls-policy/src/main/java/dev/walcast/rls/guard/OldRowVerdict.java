package dev.walcast.rls.guard;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.InView;
import dev.walcast.rls.guard.Verdict.ReadableColumns;

/// What a viewer could see of the row before an UPDATE.
///
/// @param seen    whether the policies showed it
/// @param columns which of the table's columns the viewer may read
/// @param key     the primary key's among them; empty unless the viewer may read the whole key and the feed
///                carries its old value
public record OldRowVerdict(InView seen, ReadableColumns columns, ReadableColumns key) {
    public OldRowVerdict {
        requireNonNull(seen, "seen is null");
        requireNonNull(columns, "columns is null");
        requireNonNull(key, "key is null");
    }
}
